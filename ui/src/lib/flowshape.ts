/** Where the boxes and lines of the energy flow lie, in a drawing of 460 by 312, its top 8 left empty. Pure. */
import type { Sink, Source } from './flow'
import type { Kind } from './types'

export type Box = { x: number; y: number; w: number; h: number }
type Point = [number, number]
export type Shape = { d: string; label: Point; tip: Point; angle: number }

export function boxes(kinds: Kind[]): Partial<Record<Kind, Box>> {
  const both = kinds.includes('solar') && kinds.includes('wind')
  const found: Partial<Record<Kind, Box>> = {}
  if (kinds.includes('solar')) found.solar = both ? { x: 66, y: 14, w: 156, h: 68 } : { x: 150, y: 14, w: 160, h: 68 }
  if (kinds.includes('wind')) found.wind = both ? { x: 238, y: 14, w: 156, h: 68 } : { x: 150, y: 14, w: 160, h: 68 }
  if (kinds.includes('grid')) found.grid = { x: 4, y: 124, w: 118, h: 78 }
  if (kinds.includes('load')) found.load = { x: 338, y: 124, w: 118, h: 78 }
  if (kinds.includes('battery')) found.battery = { x: 116, y: 222, w: 228, h: 86 }
  return found
}

const HEAD = 12 // the line ends where its arrowhead begins

/** A line that leaves one box and enters another, bending from vertical to horizontal or back. */
function bend(from: Point, to: Point, first: 'down' | 'up' | 'along', at = 0.5): Shape {
  const vertical = from[0] === to[0]
  const level = from[1] === to[1]
  const angle = vertical ? (to[1] > from[1] ? 90 : -90) : first === 'along' && !level ? (to[1] > from[1] ? 90 : -90) : to[0] > from[0] ? 0 : 180
  const rad = (angle * Math.PI) / 180
  const end: Point = [to[0] - HEAD * Math.cos(rad), to[1] - HEAD * Math.sin(rad)]
  const mid = (k: number, a: number, b: number) => a + k * (b - a)
  const c1: Point = vertical || level ? from : first === 'along' ? [mid(0.7, from[0], end[0]), from[1]] : [from[0], mid(0.86, from[1], end[1])]
  const c2: Point = vertical || level ? end : first === 'along' ? [end[0], mid(0.1, from[1], end[1])] : [mid(0.3, from[0], end[0]), end[1]]
  const on = (i: 0 | 1) => (1 - at) ** 3 * from[i] + 3 * (1 - at) ** 2 * at * c1[i] + 3 * (1 - at) * at ** 2 * c2[i] + at ** 3 * end[i]
  const straight = (i: 0 | 1) => mid(at, from[i], to[i])
  return {
    d: `M${from} C${c1} ${c2} ${end}`,
    label: vertical || level ? [straight(0), straight(1)] : [on(0), on(1)],
    tip: to,
    angle,
  }
}

/** One sun-side box in the middle, or two side by side with their outer lines falling straight down. */
export function shapes(both: boolean): Record<string, Shape> {
  const sunny = (name: string): Record<string, Shape> => ({
    [`${name}-load`]: bend([262, 82], [338, 140], 'down'),
    [`${name}-battery`]: bend([230, 82], [230, 222], 'down', 0.33),
    [`${name}-grid`]: bend([198, 82], [122, 140], 'down'),
  })
  const pair: Record<string, Shape> = {
    'solar-load': bend([210, 82], [338, 142], 'down', 0.72),
    'solar-battery': bend([184, 82], [184, 222], 'down', 0.24),
    'solar-grid': bend([94, 82], [94, 124], 'down', 0.4),
    'wind-load': bend([366, 82], [366, 124], 'down', 0.4),
    'wind-battery': bend([276, 82], [276, 222], 'down', 0.24),
    'wind-grid': bend([250, 82], [122, 142], 'down', 0.72),
  }
  const left = both ? 158 : 198
  const right = both ? 302 : 262
  return {
    ...(both ? pair : { ...sunny('solar'), ...sunny('wind') }),
    'grid-load': bend([122, 163], [338, 163], 'along', both ? 0.5 : 0.28),
    'grid-battery': bend([122, 187], [left, 222], 'along', both ? 0.8 : 0.5),
    'battery-grid': bend([left, 222], [122, 187], 'up', both ? 0.2 : 0.5),
    'battery-load': bend([right, 222], [338, 187], 'up', both ? 0.2 : 0.5),
  }
}

export const edgeName = (from: Source, to: Sink): string => `${from}-${to}`

/** Faint rails between the boxes that are there, so that the drawing does not change shape with the powers. */
export function rails(kinds: Kind[], all: Record<string, Shape>): string[] {
  return Object.entries(all)
    .filter(([name]) => name !== 'battery-grid' && name.split('-').every((kind) => kinds.includes(kind as Kind)))
    .map(([, shape]) => `${shape.d} L${shape.tip}`)
}
