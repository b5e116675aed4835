/** What the day's chart paints itself: bands, strip, plan, deviation, limits, now. Plain functions on a uPlot canvas. */
import type uPlot from 'uplot'
import type { Slot } from '../lib/plan'
import { hhmm } from '../lib/time'
import { alpha, type Inks } from './ink'

type Column = (number | null)[]
export type DayBand = { start: number; end: number; band: string; label: string; price: string }
export type DayView = {
  start: number
  end: number
  now: number
  t: number[]
  load: Column
  solar: Column
  wind: Column
  grid: Column
  battery: Column
  soc: Column
  socMin: number
  socMax: number
  slots: Slot[]
  bands: DayBand[]
  rated_w: number
}
export type DayWords = { now: string; soc: string }

/** What a painting needs besides the plot. */
export type Face = { view: DayView; ink: Inks; zone: string; words: DayWords }

const SHADE: Record<string, number> = { valley: 0.015, flat: 0.045, peak: 0.085, critical: 0.14 }
export const STRIP = 18
const DEVIATION = 0.05

/** Paints within the plotting area; `ratio` turns CSS pixels into the canvas's. */
function inside(u: uPlot, paint: (ctx: CanvasRenderingContext2D, ratio: number) => void): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  paint(ctx, devicePixelRatio || 1)
  ctx.restore()
}

export function drawBands(u: uPlot, face: Face): void {
  inside(u, (ctx) => {
    for (const b of face.view.bands) {
      const x = u.valToPos(b.start, 'x', true)
      ctx.fillStyle = alpha(face.ink.ink, SHADE[b.band] ?? 0)
      ctx.fillRect(x, u.bbox.top, u.valToPos(b.end, 'x', true) - x, u.bbox.height)
    }
  })
}

export function drawStrip(u: uPlot, face: Face): void {
  inside(u, (ctx, r) => {
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    for (const b of face.view.bands) {
      const x = u.valToPos(b.start, 'x', true)
      const w = u.valToPos(b.end, 'x', true) - x
      const strong = b.band === 'critical'
      ctx.fillStyle = face.ink.panel
      ctx.fillRect(x, u.bbox.top, w, STRIP * r)
      ctx.fillStyle = alpha(face.ink.ink, 0.05 + (SHADE[b.band] ?? 0) * 2.4)
      ctx.fillRect(x + r, u.bbox.top, w - r, STRIP * r)
      ctx.fillStyle = strong ? face.ink.ink : face.ink['ink-2']
      ctx.font = `${strong ? 650 : 500} ${10.5 * r}px ${face.ink.font}`
      const text = [`${b.label} ${b.price}`, b.label, b.price].find((s) => ctx.measureText(s).width < w - 6 * r)
      if (text) ctx.fillText(text, x + w / 2, u.bbox.top + (STRIP / 2) * r)
    }
  })
}

export function drawZero(u: uPlot, face: Face): void {
  inside(u, (ctx, r) => {
    const y = Math.round(u.valToPos(0, 'y', true))
    stroke(ctx, face.ink['ink-3'], r, [[u.bbox.left, y], [u.bbox.left + u.bbox.width, y]])
  })
}

export function drawPlan(u: uPlot, face: Face): void {
  inside(u, (ctx, r) => {
    const path: [number, number][] = []
    const flush = () => stroke(ctx, face.ink.ink, 1.25 * r, path.splice(0), [5 * r, 3 * r])
    for (const slot of face.view.slots) {
      if (slot.power_w == null) { flush(); continue }
      const y = u.valToPos(slot.power_w, 'y', true)
      path.push([u.valToPos(slot.start, 'x', true), y], [u.valToPos(slot.end, 'x', true), y])
    }
    flush()
  })
}

/** Where the battery left its plan by more than 5 % of its rating; the bucket in which the plan itself moves is let off. */
export function drawDeviation(u: uPlot, face: Face): void {
  const v = face.view
  inside(u, (ctx) => {
    ctx.fillStyle = alpha(face.ink.p2, 0.5)
    for (let i = 0; i + 1 < v.t.length; i++) {
      const at = v.t[i]!
      const until = v.t[i + 1]!
      const actual = v.battery[i]
      const slot = v.slots.find((s) => s.start <= at && until <= s.end)
      if (actual == null || slot?.power_w == null || v.battery[i + 1] == null) continue
      if (Math.abs(actual - slot.power_w) <= DEVIATION * v.rated_w) continue
      const x = u.valToPos(at, 'x', true)
      const y0 = u.valToPos(actual, 'y', true)
      const y1 = u.valToPos(slot.power_w, 'y', true)
      ctx.fillRect(x, Math.min(y0, y1), u.valToPos(until, 'x', true) - x, Math.abs(y1 - y0))
    }
  })
}

export function drawSocPlan(u: uPlot, face: Face): void {
  inside(u, (ctx, r) => {
    for (const s of face.view.slots) {
      if (s.soc_start == null || s.soc_end == null) continue
      stroke(ctx, face.ink.ink, 1.25 * r, [
        [u.valToPos(s.start, 'x', true), u.valToPos(s.soc_start * 100, 'y', true)],
        [u.valToPos(s.end, 'x', true), u.valToPos(s.soc_end * 100, 'y', true)],
      ], [5 * r, 3 * r])
    }
  })
}

export function drawSocLimits(u: uPlot, face: Face): void {
  inside(u, (ctx, r) => {
    for (const limit of [face.view.socMin, face.view.socMax]) {
      const y = Math.round(u.valToPos(limit * 100, 'y', true))
      stroke(ctx, face.ink['ink-3'], r, [[u.bbox.left, y], [u.bbox.left + u.bbox.width, y]], [2 * r, 3 * r])
    }
    ctx.font = `600 ${11 * r}px ${face.ink.font}`
    ctx.fillStyle = face.ink['ink-2']
    ctx.textAlign = 'left'
    ctx.textBaseline = 'top'
    ctx.fillText(face.words.soc, u.bbox.left + 6 * r, u.bbox.top + 8 * r)
  })
}

export function drawNow(u: uPlot, face: Face, label: boolean): void {
  const { now, end } = face.view
  if (now > end) return
  inside(u, (ctx, r) => {
    const x = Math.round(u.valToPos(now, 'x', true))
    const { left, top, width, height } = u.bbox
    stroke(ctx, face.ink.ink, 1.5 * r, [[x, top + (label ? STRIP * r : 0)], [x, top + height]])
    if (!label) return
    const text = `${face.words.now} ${hhmm(now, face.zone)}`
    ctx.font = `600 ${11 * r}px ${face.ink.font}`
    const w = ctx.measureText(text).width + 12 * r
    const from = x + w > left + width ? x - w - r : x + r
    ctx.fillStyle = face.ink.ink
    ctx.beginPath()
    ctx.roundRect(from, top + (STRIP + 3) * r, w, 17 * r, 3 * r)
    ctx.fill()
    ctx.fillStyle = face.ink.panel
    ctx.textAlign = 'left'
    ctx.textBaseline = 'middle'
    ctx.fillText(text, from + 6 * r, top + (STRIP + 12) * r)
  })
}

function stroke(ctx: CanvasRenderingContext2D, colour: string, width: number, path: [number, number][], dash: number[] = []): void {
  ctx.setLineDash(dash)
  ctx.strokeStyle = colour
  ctx.lineWidth = width
  ctx.beginPath()
  path.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)))
  ctx.stroke()
  ctx.setLineDash([])
}
