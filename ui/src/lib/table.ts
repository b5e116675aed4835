/** History series put on one time axis. Pure. */
import type { History } from './types'

export type Column = (number | null)[]
export type Table = { step_s: number; t: number[]; columns: Record<string, Column> }

export const EMPTY: Table = { step_s: 60, t: [], columns: {} }

/** How far apart rows usually lie; a slow point has fewer rows than the step could hold, and that is no hole. */
function usualStep(times: number[], step_s: number): number {
  const apart = times.slice(1).map((at, i) => at - times[i]!).sort((a, b) => a - b)
  return Math.max(step_s, apart[apart.length >> 1] ?? step_s)
}

/** One field of all series on the union of their times; where rows are missing one row of nulls breaks the lines. */
export function tableOf(history: History, field: 'mean' | 'min' | 'max' = 'mean'): Table {
  const times = [...new Set(Object.values(history.series).flatMap((s) => s.t))].sort((a, b) => a - b)
  const usual = usualStep(times, history.step_s)
  const t: number[] = []
  for (const at of times) {
    const last = t[t.length - 1]
    if (last !== undefined && at - last > 2.5 * usual) t.push(last + usual)
    t.push(at)
  }
  const row = new Map(t.map((at, i) => [at, i]))
  const columns: Record<string, Column> = {}
  for (const [name, series] of Object.entries(history.series)) {
    const column: Column = new Array<number | null>(t.length).fill(null)
    series.t.forEach((at, i) => (column[row.get(at)!] = series[field][i] ?? null))
    columns[name] = column
  }
  return { step_s: history.step_s, t, columns }
}

/** Row whose time is nearest to t and no further than `within` seconds. */
export function nearest(times: number[], t: number, within: number): number | null {
  let low = 0
  let high = times.length - 1
  if (high < 0) return null
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < t) low = middle + 1
    else high = middle
  }
  if (low > 0 && t - times[low - 1]! < times[low]! - t) low -= 1
  return Math.abs(times[low]! - t) <= within ? low : null
}

/** One row as a frame of points. */
export function rowOf(table: Table, i: number): Record<string, number | null> {
  return Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, column[i] ?? null]))
}

/** Column by column sum; null where one part is. */
export function sumColumns(table: Table, names: string[]): Column {
  return table.t.map((_, i) => {
    let total: number | null = names.length ? 0 : null
    for (const name of names) {
      const value = table.columns[name]?.[i]
      total = total == null || value == null ? null : total + value
    }
    return total
  })
}
