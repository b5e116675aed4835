/** Is anybody looking? Motion stops when the page is hidden or has not been touched for two minutes. */
import { computed, onBeforeUnmount, ref } from 'vue'
import { animate, reducedMotion } from './prefs'

const IDLE_MS = 120_000
const EVENTS = ['pointermove', 'pointerdown', 'keydown'] as const

export function useMotion() {
  const awake = ref(document.visibilityState === 'visible')
  let timer = 0
  const rest = () => (awake.value = false)
  const stir = () => {
    awake.value = document.visibilityState === 'visible'
    clearTimeout(timer)
    timer = window.setTimeout(rest, IDLE_MS)
  }
  for (const name of EVENTS) addEventListener(name, stir, { passive: true })
  document.addEventListener('visibilitychange', stir)
  stir()
  onBeforeUnmount(() => {
    for (const name of EVENTS) removeEventListener(name, stir)
    document.removeEventListener('visibilitychange', stir)
    clearTimeout(timer)
  })
  return computed(() => awake.value && animate.value && !reducedMotion())
}
