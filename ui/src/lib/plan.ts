/** What the plan says for an instant. Pure. */
import { epoch } from './time'
import type { PlanMode, PlanSlot } from './types'

export type Slot = { start: number; end: number; mode: PlanMode; power_w: number | null; soc_start: number | null; soc_end: number | null }

/** Slots in seconds, each knowing the SOC it starts from: where the one before it ended. */
export function slotsOf(slots: PlanSlot[]): Slot[] {
  let soc: number | null = null
  return slots.map((slot) => {
    const made = {
      start: epoch(slot.start), end: epoch(slot.end), mode: slot.mode,
      power_w: slot.mode === 'battery' ? slot.power_w : slot.mode === 'hold' ? 0 : null,
      soc_start: soc, soc_end: slot.soc_end,
    }
    soc = slot.soc_end
    return made
  })
}

export type Planned = { mode: PlanMode; power_w: number | null; soc: number | null }

export function plannedAt(slots: Slot[], t: number): Planned | null {
  const slot = slots.find((s) => s.start <= t && t < s.end)
  if (!slot) return null
  const { soc_start: from, soc_end: to } = slot
  const soc = from != null && to != null ? from + ((to - from) * (t - slot.start)) / (slot.end - slot.start) : null
  return { mode: slot.mode, power_w: slot.power_w, soc }
}
