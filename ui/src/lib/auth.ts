/** Asking the person who they are, and doing an action that needs to know. */
import { shallowRef } from 'vue'
import { ApiError } from './api'
import { can, deniedWords, nobody, refreshMe } from './me'
import type { Role, Words } from './types'

type Request = { why: Words | null; done: (given: boolean) => void }

/** The open question, shown by LoginDialog. */
export const asked = shallowRef<Request | null>(null)

/** Resolves to whether somebody logged in, or gave a token. */
export function askLogin(why: Words | null = null): Promise<boolean> {
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

/** Runs an action that needs a role: asks for a login first where nobody has. Null: the person declined. */
export async function permitted<T>(need: Role, action: () => Promise<T>): Promise<T | null> {
  if (nobody.value && !can(need) && !(await askLogin())) return null
  if (!can(need)) throw new ApiError(403, deniedWords(need))
  return ifAllowed(action)
}

/** Runs an action; where nobody is known or the session has ended, asks and tries once more. */
export async function ifAllowed<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 403) await refreshMe() // a role may have been taken away meanwhile
    if (error.status !== 401) throw error
    await refreshMe()
    return (await askLogin(error.words)) ? action() : null
  }
}
