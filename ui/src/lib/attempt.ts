/** One action at a time, with the server's refusal kept beside the button that was pressed. */
import { ref, shallowRef } from 'vue'
import { ApiError } from './api'
import { ifAllowed, permitted } from './auth'
import type { Role, Words } from './types'

export function useAttempt() {
  const busy = ref(false)
  const refused = shallowRef<Words | null>(null)

  /** What the action gave, or null where it was refused or the person declined to log in. */
  async function attempt<T>(need: Role, action: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    refused.value = null
    try {
      return await (need === 'viewer' ? ifAllowed(action) : permitted(need, action))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      refused.value = error.words
      return null
    } finally {
      busy.value = false
    }
  }
  return { busy, refused, attempt }
}
