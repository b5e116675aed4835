/** A decision's trail, step by step: who narrowed what to what, who asked, and whose request was taken. Pure. */
import type { Decision, Step } from './types'

export type Fate = 'taken' | 'in-part' | 'late' | 'none'
export type Line = {
  step: Step
  /** Whether this step left its target less room than it had. */
  narrowed: boolean
  /** What became of its request: taken whole, taken in part, too late because another's was taken before, or none made. */
  fate: Fate
  /** Who was taken before it, when it came too late. */
  before: Step | null
  binds: boolean
}

const NEAR_W = 1

export function linesOf(decision: Decision): Line[] {
  const binding = new Set(decision.binds.map((bind) => bind.controller))
  const room = new Map<string, { min_w: number | null; max_w: number | null }>()
  const taker = new Map<string, Step>()
  return decision.steps.map((step) => {
    const had = room.get(step.target) ?? { min_w: null, max_w: null }
    room.set(step.target, { min_w: step.min_w, max_w: step.max_w })
    const before = taker.get(step.target) ?? null
    if (step.taken && !before) taker.set(step.target, step)
    return { step, narrowed: tighter(had.min_w, step.min_w) || tighter(had.max_w, step.max_w), fate: fateOf(step), before, binds: binding.has(step.controller) }
  })
}

const tighter = (had: number | null, has: number | null): boolean => has != null && (had == null || Math.abs(had - has) > NEAR_W)

function fateOf(step: Step): Fate {
  if (step.request_w == null) return 'none'
  if (!step.taken) return 'late'
  return step.taken_w != null && Math.abs(step.taken_w - step.request_w) > NEAR_W ? 'in-part' : 'taken'
}
