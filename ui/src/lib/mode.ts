/** SIMULATED, SHADOW or LIVE, as the newest frame says it. */
import { computed, ref } from 'vue'
import { live, site } from './live'
import type { Mode } from './types'

export const mode = computed<Mode | null>(() => {
  if (live.value?.mode) return live.value.mode
  if (!site.value) return null
  return site.value.mode ?? { mark: site.value.mark, since: '', by: '' }
})
export const shadow = computed(() => mode.value?.mark === 'SHADOW')

/** Whether the dialog that arms and disarms is open. */
export const modeOpen = ref(false)
