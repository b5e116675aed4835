/** Asking the person for the token, and doing an action that needs one. */
import { shallowRef } from 'vue'
import { ApiError, token } from './api'
import type { Words } from './types'

type Request = { why: Words | null; done: (given: boolean) => void }

/** The open question, shown by TokenDialog. */
export const asked = shallowRef<Request | null>(null)

export function askToken(why: Words | null = null): Promise<boolean> {
  asked.value?.done(false)
  return new Promise((resolve) => {
    asked.value = {
      why,
      done: (given) => {
        asked.value = null
        resolve(given)
      },
    }
  })
}

/** Runs an action that writes: asks for the token first where there is none. Null: the person declined. */
export async function withToken<T>(action: () => Promise<T>): Promise<T | null> {
  return token.get() || (await askToken()) ? ifAllowed(action) : null
}

/** Runs an action that may need the token; where it is refused, asks for it and tries once more. */
export async function ifAllowed<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    return (await askToken(error.words)) ? action() : null
  }
}
