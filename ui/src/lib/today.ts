/** What the overview knows of the site's day: its record so far, plan and tariff, refreshed as site time moves on. */
import { computed, ref, shallowRef, watch } from 'vue'
import { ApiError, api } from './api'
import { live, site, wall } from './live'
import { slotsOf, type Slot } from './plan'
import { namesOf, of } from './site'
import { EMPTY, tableOf, type Column, type Table } from './table'
import { iso, localDay } from './time'
import type { Points, Tariff, Words } from './types'

const WIDTH = 360 // buckets asked for: four minutes a day, about two pixels each
const BEFORE_S = 6 * 3600 // the slot before midnight says at what SOC the first one starts
const REFRESH_S = 15 // wall seconds between reads of the record; the stream fills in between
const CELL_FIELDS = ['cell_voltage_min_v', 'cell_voltage_max_v', 'cell_temperature_min_degc', 'cell_temperature_max_degc',
  'energy_charged_wh', 'energy_discharged_wh']

export function useToday() {
  const zone = computed(() => site.value?.timezone ?? 'UTC')
  const day = ref(localDay(live.value?.t ?? Date.now() / 1000, zone.value))
  const past = shallowRef<Table>(EMPTY)
  const detail = shallowRef<Table>(EMPTY)
  const tail = shallowRef<{ t: number; points: Points }[]>([])
  const slots = shallowRef<Slot[]>([])
  const tariff = shallowRef<Tariff | null>(null)
  const loaded = ref(false)
  /** Why the record could not be read; a day without its past must say so. */
  const trouble = shallowRef<Words | null>(null)
  let refreshedAt = -Infinity
  let detailAt = -Infinity

  const lines = computed(() => (site.value ? [...namesOf(site.value.things, 'power_w'), ...namesOf(of(site.value, 'battery'), 'soc')] : []))

  const read = async (names: string[]): Promise<Table | null> => {
    const end = Math.min(live.value?.t ?? day.value.end, day.value.end)
    const recorded = new Set(site.value!.points.map((point) => point.name))
    const asked = names.filter((name) => recorded.has(name))
    if (!asked.length) return null
    const span = Math.max(end - day.value.start, 1)
    const width = Math.max(10, Math.round((WIDTH * span) / (day.value.end - day.value.start)))
    try {
      const table = tableOf(await api.history(asked, iso(day.value.start), iso(Math.ceil(end)), width))
      trouble.value = null
      return table
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      trouble.value = error.words
      return null
    }
  }

  async function refresh(): Promise<void> {
    refreshedAt = wall.value
    const { start, end, date } = day.value
    const [table, plan, bands] = await Promise.all([
      read(lines.value),
      api.plan(iso(start - BEFORE_S), iso(end)).catch(() => null),
      api.tariff(date).catch(() => null),
    ])
    if (day.value.start !== start) return
    if (table) {
      past.value = table
      const last = table.t[table.t.length - 1] ?? -Infinity
      tail.value = tail.value.filter((row) => row.t > last)
    }
    if (plan) slots.value = slotsOf(plan.slots)
    if (bands) tariff.value = bands
    loaded.value = true
  }

  /** The points only the time machine needs are read when it is first used. */
  async function needDetail(): Promise<void> {
    if (!site.value || wall.value - detailAt < 2 * REFRESH_S) return
    detailAt = wall.value
    const table = await read(CELL_FIELDS.flatMap((field) => namesOf(of(site.value!, 'battery'), field)))
    if (table) detail.value = table
  }

  function onFrame(): void {
    const frame = live.value
    if (!frame) return
    if (frame.t >= day.value.end || frame.t < day.value.start) {
      day.value = localDay(frame.t, zone.value)
      past.value = detail.value = EMPTY
      tail.value = []
      refreshedAt = detailAt = -Infinity
    }
    const last = tail.value[tail.value.length - 1]?.t ?? -Infinity
    if (frame.t - last >= past.value.step_s / 4 || frame.t < last) tail.value = [...tail.value, { t: frame.t, points: frame.points }]
    if (wall.value - refreshedAt > REFRESH_S) void refresh()
  }

  watch(live, onFrame, { immediate: true })

  /** The record with what the stream has brought since. */
  const table = computed<Table>(() => {
    const base = past.value
    const last = base.t[base.t.length - 1] ?? -Infinity
    const rows = tail.value.filter((row) => row.t > last)
    const columns: Record<string, Column> = {}
    for (const name of lines.value)
      columns[name] = [...(base.columns[name] ?? base.t.map(() => null)), ...rows.map((row) => row.points[name] ?? null)]
    return { step_s: base.step_s, t: [...base.t, ...rows.map((row) => row.t)], columns }
  })

  return { day, table, detail, slots, tariff, zone, loaded, trouble, needDetail }
}

export type Today = ReturnType<typeof useToday>
