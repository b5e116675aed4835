/** Reading a frame by thing: sums per kind, energy-weighted SOC, what a battery can still give and take. Pure. */
import { known } from './format'
import type { Kind, Points, Site, Thing } from './types'

export const of = (site: Site, kind: Kind): Thing[] => site.things.filter((thing) => thing.kind === kind)
export const pointOf = (thing: Thing, field: string): string => `${thing.name}.${field}`
export const namesOf = (things: Thing[], field: string): string[] => things.map((thing) => pointOf(thing, field))

/** The sum over things; null when one of them is not known, for a part of a sum is not the sum. */
export function sum(points: Points, things: Thing[], field: string): number | null {
  let total = 0
  for (const thing of things) {
    const value = points[pointOf(thing, field)]
    if (!known(value)) return null
    total += value
  }
  return things.length ? total : null
}

export const ratedPower = (things: Thing[]): number => things.reduce((a, thing) => a + (thing.power_w ?? 0), 0)
export const ratedEnergy = (things: Thing[]): number => things.reduce((a, thing) => a + (thing.energy_wh ?? 0), 0)

/** An energy-weighted mean over batteries of a measured field or of a limit in the site's description. */
export function weighted(batteries: Thing[], value: (battery: Thing) => number | null | undefined): number | null {
  const total = ratedEnergy(batteries)
  let sum = 0
  for (const battery of batteries) {
    const part = value(battery)
    if (!known(part)) return null
    sum += part * (battery.energy_wh ?? 0)
  }
  return total > 0 ? sum / total : null
}

export type Charge = {
  soc: number | null
  socMin: number
  socMax: number
  dischargeable_wh: number | null
  chargeable_wh: number | null
}

export function charge(points: Points, batteries: Thing[]): Charge {
  const soc = (battery: Thing) => points[pointOf(battery, 'soc')]
  const between = (part: (battery: Thing, soc: number) => number): number | null => {
    let total = 0
    for (const battery of batteries) {
      const at = soc(battery)
      if (!known(at)) return null
      total += Math.max(0, part(battery, at)) * (battery.energy_wh ?? 0)
    }
    return batteries.length ? total : null
  }
  return {
    soc: weighted(batteries, soc),
    socMin: weighted(batteries, (b) => b.soc_min ?? 0) ?? 0,
    socMax: weighted(batteries, (b) => b.soc_max ?? 1) ?? 1,
    dischargeable_wh: between((b, at) => at - (b.soc_min ?? 0)),
    chargeable_wh: between((b, at) => (b.soc_max ?? 1) - at),
  }
}

/** The same where only one state of charge is known for all, as a plan says it. */
export function chargeAt(soc: number | null, batteries: Thing[]): Charge {
  return charge(Object.fromEntries(namesOf(batteries, 'soc').map((name) => [name, soc])), batteries)
}

export type Spread = { battery: Thing; min: number; max: number; width: number }

/** The battery whose cells lie furthest apart in a field reported as min and max. */
export function spread(points: Points, batteries: Thing[], field: string, unit: string): Spread | null {
  let worst: Spread | null = null
  for (const battery of batteries) {
    const min = points[pointOf(battery, `${field}_min_${unit}`)]
    const max = points[pointOf(battery, `${field}_max_${unit}`)]
    if (!known(min) || !known(max)) continue
    if (!worst || max - min > worst.width) worst = { battery, min, max, width: max - min }
  }
  return worst
}

/** Below this a power is drawn as nothing and a battery is called idle: half a percent of the rating. */
export const idleBelow = (rated: number): number => Math.max(50, 0.005 * rated)
