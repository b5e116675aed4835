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

/** Runs an action; where the token is missing or wrong asks for it and tries once more. Null: the person declined. */
export async function withToken<T>(action: () => Promise<T>): Promise<T | null> {
  if (!token.get() && !(await askToken())) return null
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    return (await askToken(error.words)) ? action() : null
  }
}
