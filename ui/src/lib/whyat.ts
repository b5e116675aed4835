/** The decision that stood at an instant: now from the stream, earlier from the record, asked for when the hand rests. */
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, api } from './api'
import { ifAllowed } from './auth'
import { iso } from './time'
import type { Decision, Words } from './types'

const SETTLE_MS = 180

/** `at` in epoch seconds; null is not asked for. */
export function useWhy(at: Ref<number | null>) {
  const decision = shallowRef<Decision | null>(null)
  const trouble = shallowRef<Words | null>(null)
  const loading = ref(false)
  let timer = 0
  let ticket = 0

  async function read(t: number, mine: number): Promise<void> {
    try {
      const found = await ifAllowed(() => api.why(iso(Math.floor(t))))
      if (mine !== ticket) return
      decision.value = found
      trouble.value = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (mine !== ticket) return
      decision.value = null
      trouble.value = error.words
    } finally {
      if (mine === ticket) loading.value = false
    }
  }
  watch(at, (t) => {
    clearTimeout(timer)
    const mine = ++ticket
    loading.value = t != null
    if (t == null) decision.value = trouble.value = null
    else timer = window.setTimeout(() => void read(t, mine), SETTLE_MS)
  }, { immediate: true })
  onBeforeUnmount(() => { clearTimeout(timer); ticket += 1 })
  return { decision, trouble, loading }
}
