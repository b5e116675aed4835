/** One battery of now, asked for again and again while its page is open; and where the site's batteries are named in words. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue'
import { ApiError, api } from './api'
import { ifAllowed } from './auth'
import { site } from './live'
import { query, setQuery } from './router'
import { of } from './site'
import { num, signed } from './format'
import { t } from './i18n'
import type { Battery, Words } from './types'

const AGAIN_MS = 2000

export type CellPlace = { rack: number; module: number; cell: number }
/** Counted from 1, as the server says it and as the labels on the cabinets do: R2 · M3 · C14. */
export const placeName = (at: CellPlace): string => `${t('rack')}${at.rack} · ${t('module')}${at.module} · ${t('cell')}${at.cell}`
export const mv = (volts: number | null | undefined, digits = 0): string => num(volts == null ? null : volts * 1000, digits)
export const signedMv = (volts: number | null, digits = 1): string => signed(volts == null ? null : volts * 1000, digits)

export function useBattery() {
  const batteries = computed(() => of(site.value!, 'battery'))
  const name = computed(() => batteries.value.find((b) => b.name === query.value.get('battery'))?.name ?? batteries.value[0]?.name ?? '')
  const pick = (to: string): void => setQuery({ battery: to })
  const battery = shallowRef<Battery | null>(null)
  const trouble = shallowRef<Words | null>(null)
  const readAt = ref(0)
  let timer = 0

  async function read(): Promise<void> {
    const asked = name.value
    if (!asked) return
    try {
      const found = await ifAllowed(() => api.battery(asked))
      if (asked !== name.value) return
      battery.value = found
      trouble.value = null
      readAt.value += 1
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      trouble.value = error.words
    }
  }
  watch(name, () => { battery.value = null; void read() })
  onMounted(() => { void read(); timer = window.setInterval(() => void read(), AGAIN_MS) })
  onBeforeUnmount(() => clearInterval(timer))
  return { batteries, name, pick, battery, trouble }
}
