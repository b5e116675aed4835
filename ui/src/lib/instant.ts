/** The instant the overview shows: now, or where the cursor stands on the day. */
import { computed, provide, inject, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { gone, live, qualityOf, site } from './live'
import { meant, plannedAt, type Planned } from './plan'
import { charge, chargeAt, of, sum, type Charge } from './site'
import { nearest, rowOf } from './table'
import type { Today } from './today'
import type { Points, Quality, Thing } from './types'

export type Instant = {
  when: 'live' | 'past' | 'ahead'
  t: number
  points: Points
  planned: Planned | null
  quality: (names: string[]) => Quality
}

/** Power and charge of the batteries in view: measured, or for an instant to come what the plan says for them. */
export type BatteryView = { power_w: number | null; charge: Charge }

export function batteryView(instant: Instant, batteries: Thing[], all: Thing[]): BatteryView {
  if (instant.when !== 'ahead') return { power_w: sum(instant.points, batteries, 'power_w'), charge: charge(instant.points, batteries) }
  const planned = instant.planned && meant(instant.planned, batteries, all) ? instant.planned : null
  return { power_w: planned?.power_w ?? null, charge: chargeAt(planned?.soc ?? null, batteries) }
}

export type Room = {
  today: Today
  /** Where the cursor stands, or null for now. */
  cursor: Ref<number | null>
  instant: ComputedRef<Instant>
  /** The batteries in view: all of them, or the one picked. */
  picked: Ref<string>
  batteries: ComputedRef<Thing[]>
}

const KEY: InjectionKey<Room> = Symbol('room')

export function makeRoom(today: Today): Room {
  const cursor = ref<number | null>(null)
  const picked = ref('all')
  const all = computed(() => (site.value ? of(site.value, 'battery') : []))
  const batteries = computed(() => {
    const one = all.value.filter((battery) => battery.name === picked.value)
    return one.length ? one : all.value
  })
  const instant = computed<Instant>(() => {
    const now = live.value?.t ?? 0
    const t = cursor.value ?? now
    const planned = plannedAt(today.slots.value, t)
    if (cursor.value == null) return { when: 'live', t, points: gone.value ? {} : (live.value?.points ?? {}), planned, quality: (names) => qualityOf(names) }
    const good = (): Quality => 'GOOD'
    if (t > now) return { when: 'ahead', t, points: {}, planned, quality: good }
    return { when: 'past', t, points: recorded(today, t), planned, quality: good }
  })
  const room = { today, cursor, instant, picked, batteries }
  provide(KEY, room)
  return room
}

function recorded(today: Today, t: number): Points {
  const found: Points = {}
  for (const table of [today.detail.value, today.table.value]) {
    const row = nearest(table.t, t, 1.5 * table.step_s)
    if (row != null) Object.assign(found, rowOf(table, row))
  }
  return found
}

export function useRoom(): Room {
  const room = inject(KEY)
  if (!room) throw new Error('useRoom() outside the overview')
  return room
}
