/** Why, at an instant: the server's own sentences, for now or from the record, asked for when the hand rests. */
import { onBeforeUnmount, shallowRef, watch, type Ref } from 'vue'
import { ApiError, api } from './api'
import { ifAllowed } from './auth'
import { live } from './live'
import { iso } from './time'
import type { Why, Words } from './types'

const SETTLE_MS = 180
const AGAIN_MS = 2000

/** `at` in epoch seconds; null is now, asked again and again; undefined is not asked for. */
export function useWhy(at: Ref<number | null | undefined>) {
  const why = shallowRef<Why | null>(null)
  const trouble = shallowRef<Words | null>(null)
  let timer = 0
  let ticket = 0

  async function read(t: number | null, mine: number): Promise<void> {
    try {
      const found = await ifAllowed(() => api.why(iso(Math.floor(t ?? live.value?.t ?? 0))))
      if (mine !== ticket) return
      why.value = found
      trouble.value = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (mine !== ticket) return
      why.value = null
      trouble.value = error.words
    }
    if (t == null && mine === ticket) timer = window.setTimeout(() => void read(t, mine), AGAIN_MS)
  }
  watch(at, (t) => {
    clearTimeout(timer)
    const mine = ++ticket
    if (t === undefined) why.value = trouble.value = null
    else timer = window.setTimeout(() => void read(t, mine), t == null ? 0 : SETTLE_MS)
  }, { immediate: true })
  onBeforeUnmount(() => { clearTimeout(timer); ticket += 1 })
  return { why, trouble }
}
