/** What a frame of cells says, rack by rack. Pure. Indices are rack-major: rack, module, cell. */
import type { CellFrame } from './types'

export type CellMode = 'voltage' | 'temperature'
export type RackStats = {
  mean_mv: number
  min_mv: number
  max_mv: number
  min_degc: number
  max_degc: number
  /** Index in the frame of the cell that departs most: from the rack's mean voltage, or from the normal temperature. */
  oddVoltage: number
  oddTemperature: number
}
export type Place = { rack: number; module: number; cell: number; index: number }

/** Fixed scales, so that days compare: grey within `dead`, full colour from `full` on. LFP at rest lies within a few mV. */
export const VOLTAGE = { dead: 5, full: 25 }
export const TEMPERATURE = { middle: 25, dead: 8, full: 20 }

export function placeOf(frame: CellFrame, index: number): Place {
  const [, modules, cells] = frame.shape
  const perRack = modules * cells
  const within = index % perRack
  return { rack: Math.floor(index / perRack), module: Math.floor(within / cells), cell: within % cells, index }
}

export function rackStats(frame: CellFrame): RackStats[] {
  const [racks, modules, cells] = frame.shape
  const size = modules * cells
  return Array.from({ length: racks }, (_, rack) => statsOf(frame, rack * size, size))
}

function statsOf(frame: CellFrame, from: number, size: number): RackStats {
  let total = 0
  let count = 0
  const found: RackStats = {
    mean_mv: NaN, min_mv: Infinity, max_mv: -Infinity, min_degc: Infinity, max_degc: -Infinity, oddVoltage: -1, oddTemperature: -1,
  }
  let hottest = -1
  for (let i = from; i < from + size; i++) {
    const mv = frame.voltage_mv[i]
    const ddegc = frame.temperature_ddegc[i]
    if (mv != null) {
      total += mv
      count += 1
      found.min_mv = Math.min(found.min_mv, mv)
      found.max_mv = Math.max(found.max_mv, mv)
    }
    if (ddegc == null) continue
    const degc = ddegc / 10
    found.min_degc = Math.min(found.min_degc, degc)
    found.max_degc = Math.max(found.max_degc, degc)
    if (Math.abs(degc - TEMPERATURE.middle) > hottest) {
      hottest = Math.abs(degc - TEMPERATURE.middle)
      found.oddTemperature = i
    }
  }
  if (count) found.mean_mv = total / count
  let furthest = -1
  for (let i = from; i < from + size; i++) {
    const mv = frame.voltage_mv[i]
    if (mv == null || Math.abs(mv - found.mean_mv) <= furthest) continue
    furthest = Math.abs(mv - found.mean_mv)
    found.oddVoltage = i
  }
  return found
}

export type Worst = { place: Place; mv: number | null; deviation_mv: number | null; degc: number | null }

export function cellAt(frame: CellFrame, racks: RackStats[], index: number): Worst {
  const place = placeOf(frame, index)
  const mv = frame.voltage_mv[index] ?? null
  const ddegc = frame.temperature_ddegc[index] ?? null
  return { place, mv, deviation_mv: mv == null ? null : mv - racks[place.rack]!.mean_mv, degc: ddegc == null ? null : ddegc / 10 }
}

/** How far a cell is from normal, in the unit of the mode; null when it is not known. */
export function departure(frame: CellFrame, racks: RackStats[], index: number, mode: CellMode): number | null {
  const cell = cellAt(frame, racks, index)
  if (mode === 'voltage') return cell.deviation_mv
  return cell.degc == null ? null : cell.degc - TEMPERATURE.middle
}

export function worstCell(frame: CellFrame, racks: RackStats[], mode: CellMode): Worst | null {
  let worst = -1
  let size = -1
  for (const rack of racks) {
    const index = mode === 'voltage' ? rack.oddVoltage : rack.oddTemperature
    const far = index < 0 ? null : departure(frame, racks, index, mode)
    if (far != null && Math.abs(far) > size) {
      size = Math.abs(far)
      worst = index
    }
  }
  return worst < 0 ? null : cellAt(frame, racks, worst)
}
