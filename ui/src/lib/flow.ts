/**
 * Who feeds whom. A meter cannot tell; the usual convention can: solar and wind serve the load first, then the battery,
 * then the grid serve what is left; surplus goes to the battery, then to the grid. Where two sources serve one
 * sink they share it in proportion. Pure.
 */
import type { Kind } from './types'

export type Source = 'solar' | 'wind' | 'grid' | 'battery'
export type Sink = 'load' | 'battery' | 'grid'
export type Edge = { from: Source; to: Sink; power_w: number }
export type Powers = Partial<Record<Kind, number | null>>

export function edges(powers: Powers): Edge[] {
  const give: Record<Source, number> = {
    solar: Math.max(0, powers.solar ?? 0),
    wind: Math.max(0, powers.wind ?? 0),
    battery: Math.max(0, powers.battery ?? 0),
    grid: Math.max(0, powers.grid ?? 0),
  }
  const take: Record<Sink, number> = {
    load: Math.max(0, -(powers.load ?? 0)),
    battery: Math.max(0, -(powers.battery ?? 0)),
    grid: Math.max(0, -(powers.grid ?? 0)),
  }
  const found: Edge[] = []
  const serve = (sources: Source[], to: Sink) => {
    const offered = sources.reduce((a, s) => a + give[s], 0)
    const served = Math.min(offered, take[to])
    if (served <= 0) return
    for (const from of sources) {
      const power_w = (served * give[from]) / offered
      if (power_w > 0) found.push({ from, to, power_w })
      give[from] -= power_w
    }
    take[to] -= served
  }
  const sun: Source[] = ['solar', 'wind']
  serve(sun, 'load')
  serve(['battery'], 'load')
  serve(['grid'], 'load')
  serve(sun, 'battery')
  serve(sun, 'grid')
  serve(['battery'], 'grid')
  serve(['grid'], 'battery')
  return found
}

/** Shares of the load by source, 0 to 1. */
export function shares(found: Edge[]): { from: Source; share: number }[] {
  const served = found.filter((edge) => edge.to === 'load')
  const total = served.reduce((a, edge) => a + edge.power_w, 0)
  return total > 0 ? served.map(({ from, power_w }) => ({ from, share: power_w / total })) : []
}
