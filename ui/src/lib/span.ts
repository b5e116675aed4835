/** The span and points of the History page, kept in the address. */
import { computed, ref, watch } from 'vue'
import { live, site } from './live'
import { query, setQuery } from './router'
import { fromLocal, local } from './time'

export const PRESETS = { hour: 3600, day: 86400, week: 7 * 86400, month: 30 * 86400 } as const
export type Preset = keyof typeof PRESETS

const COARSE_S = 15 // a view that follows moves in steps, not with every frame

export function useSpan() {
  const zone = computed(() => site.value?.timezone ?? 'UTC')
  const start0 = query.value
  const recorded = new Set(site.value?.points.map((point) => point.name))
  const picked = ref<string[]>((start0.get('points') ?? '').split(',').filter((name) => recorded.has(name)))
  const preset = ref<Preset | 'custom'>(['hour', 'day', 'week', 'month', 'custom'].find((p) => p === start0.get('span')) as Preset | undefined ?? 'day')
  const from = ref(start0.get('from') ?? '')
  const to = ref(start0.get('to') ?? '')

  /** A preset ends now and moves on; a custom span stands still. Local wall time of the site, as in the inputs. */
  const now = ref(live.value?.t ?? 0)
  watch(live, (frame) => {
    const pace = Math.max(COARSE_S, (site.value?.speed ?? 1) * COARSE_S)
    if (frame && Math.abs(frame.t - now.value) >= pace) now.value = frame.t
  })
  const span = computed<{ start: number; end: number } | null>(() => {
    if (preset.value !== 'custom') return { start: now.value - PRESETS[preset.value], end: now.value }
    const [start, end] = [parse(from.value), parse(to.value)]
    return start != null && end != null && end > start ? { start, end } : null
  })

  function parse(text: string): number | null {
    const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2})?)/.exec(text)
    return found ? fromLocal(found[1]!, found[2]!.padEnd(8, ':00'), zone.value) : null
  }
  const typed = (t: number): string => {
    const at = local(t, zone.value)
    return `${at.date}T${at.clock}`
  }
  function custom(start: number, end: number): void {
    from.value = typed(Math.floor(start))
    to.value = typed(Math.ceil(end))
    preset.value = 'custom'
  }
  function choose(to: Preset): void {
    now.value = live.value?.t ?? now.value
    preset.value = to
  }
  function move(by: number): void {
    const at = span.value
    if (at) custom(at.start + by * (at.end - at.start), at.end + by * (at.end - at.start))
  }

  watch([picked, preset, from, to], () => {
    const values: Record<string, string> = { points: picked.value.join(','), span: preset.value }
    if (preset.value === 'custom') Object.assign(values, { from: from.value, to: to.value })
    setQuery(values)
  }, { deep: true })

  return { zone, picked, preset, from, to, span, custom, choose, move }
}
