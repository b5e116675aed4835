/** What the plan says for an instant, and for whom. Pure. */
import { epoch } from './time'
import type { PlanMode, PlanSlot, Thing, Words } from './types'

/** The target of a slot that means all batteries together. */
export const TOGETHER = 'batteries'

export type Slot = {
  start: number
  end: number
  target: string
  mode: PlanMode
  power_w: number | null
  soc_start: number | null
  soc_end: number | null
  title: Words | null
  reason: Words
}

/** Slots in seconds, each knowing the SOC it starts from: where the one before it for the same target ended. */
export function slotsOf(slots: PlanSlot[]): Slot[] {
  const soc = new Map<string, number | null>()
  return slots.map((slot) => {
    const target = slot.target ?? TOGETHER
    const made = {
      start: epoch(slot.start), end: epoch(slot.end), target, mode: slot.mode,
      power_w: slot.mode === 'battery' ? slot.power_w : slot.mode === 'hold' ? 0 : null,
      soc_start: soc.get(target) ?? null, soc_end: slot.soc_end, title: slot.title ?? null, reason: slot.reason,
    }
    soc.set(target, slot.soc_end)
    return made
  })
}

/** Whether a slot speaks for exactly these batteries: for all of them together, or for the one in view. */
export function meant(slot: Pick<Slot, 'target'>, inView: Thing[], all: Thing[]): boolean {
  if (inView.length === all.length && (slot.target === TOGETHER || all.length === 1)) return true
  return inView.length === 1 && inView[0]!.name === slot.target
}

export type Planned = Pick<Slot, 'target' | 'mode' | 'power_w' | 'title' | 'reason'> & { soc: number | null }

export function plannedAt(slots: Slot[], t: number): Planned | null {
  const slot = slots.find((s) => s.start <= t && t < s.end)
  if (!slot) return null
  const { target, mode, power_w, title, reason, soc_start: from, soc_end: to } = slot
  const soc = from != null && to != null ? from + ((to - from) * (t - slot.start)) / (slot.end - slot.start) : null
  return { target, mode, power_w, title, reason, soc }
}
