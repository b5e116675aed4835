/** The site's day: powers above, SOC below, tariff bands behind, the plan dashed, now a line. mount/update/destroy, no framework. */
import uPlot from 'uplot'
import { num } from '../lib/format'
import type { Slot } from '../lib/plan'
import { hhmm, ticks } from '../lib/time'
import { alpha, inks, type Inks } from './ink'

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

const SHADE: Record<string, number> = { valley: 0.015, flat: 0.045, peak: 0.085, critical: 0.14 }
const STRIP = 18
const AXIS_W = 50
const DEVIATION = 0.05

export class DayChart {
  private powers: uPlot | null = null
  private soc: uPlot | null = null
  private view: DayView | null = null
  private ink: Inks = inks()
  private readonly resize: ResizeObserver
  private size = ''

  constructor(
    private readonly el: HTMLElement,
    private readonly zone: string,
    private words: DayWords,
    private readonly onCursor: (t: number | null) => void,
  ) {
    this.resize = new ResizeObserver(() => {
      if (`${el.clientWidth}x${el.clientHeight}` !== this.size) this.restyle(this.words)
    })
    this.resize.observe(el)
  }

  update(view: DayView): void {
    const moved = this.view?.start !== view.start
    this.view = view
    if (!this.powers || moved) this.build()
    else {
      this.powers.setData(this.powerData())
      this.soc?.setData(this.socData())
    }
  }

  /** After a change of theme, language or size: colours and words live in the canvas. */
  restyle(words: DayWords): void {
    this.words = words
    this.ink = inks()
    if (this.view) this.build()
  }

  /** Moves the cursor to an instant from the keyboard; null lets go. */
  point(t: number | null): void {
    const u = this.powers
    if (u) u.setCursor(t == null ? { left: -10, top: -10 } : { left: u.valToPos(t, 'x'), top: u.over.clientHeight / 2 })
  }

  destroy(): void {
    this.resize.disconnect()
    this.powers?.destroy()
    this.soc?.destroy()
  }

  private powerData(): uPlot.AlignedData {
    const v = this.view!
    return [v.t, v.load, v.grid, v.solar, v.wind, v.battery]
  }

  private socData(): uPlot.AlignedData {
    return [this.view!.t, this.view!.soc.map((s) => (s == null ? null : s * 100))]
  }

  private build(): void {
    this.powers?.destroy()
    this.soc?.destroy()
    const { clientWidth: width, clientHeight: height } = this.el
    this.size = `${width}x${height}`
    if (width < 50 || height < 50) return
    const top = Math.round(height * 0.64)
    this.powers = new uPlot(this.powerOptions(width, top), this.powerData(), this.el)
    this.soc = new uPlot(this.socOptions(width, height - top), this.socData(), this.el)
  }

  private common(labels: boolean): Pick<uPlot.Options, 'cursor' | 'legend' | 'scales'> & { x: uPlot.Axis; y: uPlot.Axis } {
    const { start, end } = this.view!
    const font = `11px ${this.ink.font}`
    const base = { stroke: this.ink['ink-3'], font, grid: { stroke: this.ink['line-soft'], width: 1 }, ticks: { show: false } }
    const at = ticks(start, end, this.zone, this.el.clientWidth < 520 ? 5 : 9)
    const name = (t: number) => (t === end ? '24:00' : hhmm(t, this.zone))
    return {
      cursor: { sync: { key: 'day' }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
      legend: { show: false },
      scales: { x: { time: false, range: () => [start, end] } },
      x: { ...base, splits: () => at, values: () => at.map((t) => (labels ? name(t) : '')), size: labels ? 22 : 4, gap: labels ? 4 : 0 },
      y: { ...base, size: AXIS_W, gap: 4 },
    }
  }

  private powerOptions(width: number, height: number): uPlot.Options {
    const { x, y, scales, ...common } = this.common(false)
    const stepped = uPlot.paths.stepped!({ align: 1 })
    const quiet = { points: { show: false }, spanGaps: false }
    const big = Math.max(...this.range()) >= 1e6
    const value = (w: number) => (big ? `${num(w / 1e6, Math.abs(w % 1e6) > 1 ? 1 : 0)} MW` : `${num(w / 1e3)} kW`)
    return {
      ...common, width, height, padding: [0, 22, 0, 0],
      scales: { ...scales, y: { range: () => this.range() } },
      axes: [x, { ...y, values: (_u, at) => at.map(value), space: 34 }],
      series: [
        {},
        { stroke: this.ink.load, width: 1.25, ...quiet },
        { stroke: this.ink.grid, width: 1.25, ...quiet },
        { stroke: this.ink.pv, width: 1.5, ...quiet },
        { stroke: this.ink.wind, width: 1.5, ...quiet },
        { stroke: (u) => this.twoTone(u, 1), fill: (u) => this.twoTone(u, 0.34), width: 1.5, paths: stepped, ...quiet },
      ],
      hooks: {
        drawClear: [(u) => this.drawBands(u)],
        drawAxes: [(u) => this.drawStrip(u)],
        draw: [(u) => this.drawZero(u), (u) => this.drawDeviation(u), (u) => this.drawPlan(u), (u) => this.drawNow(u, true)],
        setCursor: [(u) => this.cursorMoved(u)],
      },
    }
  }

  private socOptions(width: number, height: number): uPlot.Options {
    const { x, y, scales, ...common } = this.common(true)
    return {
      ...common, width, height, padding: [8, 22, 0, 0],
      scales: { ...scales, y: { range: [0, 100] } },
      axes: [x, { ...y, splits: () => [0, 50, 100], values: (_u, at) => at.map((v) => `${v} %`) }],
      series: [{}, { stroke: this.ink.ink, width: 2, points: { show: false }, spanGaps: false }],
      hooks: {
        drawClear: [(u) => this.drawBands(u)],
        draw: [(u) => this.drawSocLimits(u), (u) => this.drawSocPlan(u), (u) => this.drawNow(u, false)],
      },
    }
  }

  private cursorMoved(u: uPlot): void {
    const { idx, left } = u.cursor
    this.onCursor(idx == null || left == null || left < 0 ? null : (u.data[0][idx] ?? null))
  }

  /** Everything drawn fits, with room for the strip of bands above. */
  private range(): [number, number] {
    const v = this.view!
    let low = 0
    let high = 0
    for (const column of [v.load, v.solar, v.wind, v.grid, v.battery, v.slots.map((s) => s.power_w)])
      for (const value of column) if (value != null) { low = Math.min(low, value); high = Math.max(high, value) }
    const span = Math.max(high - low, v.rated_w * 0.5, 1e3)
    return [low - span * 0.06, high + span * 0.16]
  }

  /** Discharge above zero, charge below, in one series. */
  private twoTone(u: uPlot, a: number): CanvasGradient {
    const { top, height } = u.bbox
    const gradient = u.ctx.createLinearGradient(0, top, 0, top + height)
    const at = (u.valToPos(0, 'y', true) - top) / height
    const zero = Number.isFinite(at) ? Math.min(1, Math.max(0, at)) : 0.5
    for (const [stop, colour] of [[0, this.ink.dis], [zero, this.ink.dis], [zero, this.ink.chg], [1, this.ink.chg]] as const)
      gradient.addColorStop(stop, alpha(colour, a))
    return gradient
  }

  private inside(u: uPlot, paint: (ctx: CanvasRenderingContext2D, ratio: number) => void): void {
    const { ctx, bbox } = u
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    paint(ctx, devicePixelRatio || 1)
    ctx.restore()
  }

  private drawBands(u: uPlot): void {
    this.inside(u, (ctx) => {
      for (const b of this.view!.bands) {
        const x = u.valToPos(b.start, 'x', true)
        ctx.fillStyle = alpha(this.ink.ink, SHADE[b.band] ?? 0)
        ctx.fillRect(x, u.bbox.top, u.valToPos(b.end, 'x', true) - x, u.bbox.height)
      }
    })
  }

  private drawStrip(u: uPlot): void {
    this.inside(u, (ctx, r) => {
      ctx.textAlign = 'center'
      ctx.textBaseline = 'middle'
      for (const b of this.view!.bands) {
        const x = u.valToPos(b.start, 'x', true)
        const w = u.valToPos(b.end, 'x', true) - x
        const strong = b.band === 'critical'
        ctx.fillStyle = this.ink.panel
        ctx.fillRect(x, u.bbox.top, w, STRIP * r)
        ctx.fillStyle = alpha(this.ink.ink, 0.05 + (SHADE[b.band] ?? 0) * 2.4)
        ctx.fillRect(x + r, u.bbox.top, w - r, STRIP * r)
        ctx.fillStyle = strong ? this.ink.ink : this.ink['ink-2']
        ctx.font = `${strong ? 650 : 500} ${10.5 * r}px ${this.ink.font}`
        const text = [`${b.label} ${b.price}`, b.label, b.price].find((s) => ctx.measureText(s).width < w - 6 * r)
        if (text) ctx.fillText(text, x + w / 2, u.bbox.top + (STRIP / 2) * r)
      }
    })
  }

  private drawZero(u: uPlot): void {
    this.inside(u, (ctx, r) => {
      const y = Math.round(u.valToPos(0, 'y', true))
      this.stroke(ctx, this.ink['ink-3'], r, [[u.bbox.left, y], [u.bbox.left + u.bbox.width, y]])
    })
  }

  private drawPlan(u: uPlot): void {
    this.inside(u, (ctx, r) => {
      const path: [number, number][] = []
      const flush = () => this.stroke(ctx, this.ink.ink, 1.25 * r, path.splice(0), [5 * r, 3 * r])
      for (const slot of this.view!.slots) {
        if (slot.power_w == null) { flush(); continue }
        const y = u.valToPos(slot.power_w, 'y', true)
        path.push([u.valToPos(slot.start, 'x', true), y], [u.valToPos(slot.end, 'x', true), y])
      }
      flush()
    })
  }

  /** Where the battery left its plan by more than 5 % of its rating; the bucket in which the plan itself moves is let off. */
  private drawDeviation(u: uPlot): void {
    const v = this.view!
    this.inside(u, (ctx) => {
      ctx.fillStyle = alpha(this.ink.p2, 0.5)
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

  private drawSocPlan(u: uPlot): void {
    this.inside(u, (ctx, r) => {
      for (const s of this.view!.slots) {
        if (s.soc_start == null || s.soc_end == null) continue
        this.stroke(ctx, this.ink.ink, 1.25 * r, [
          [u.valToPos(s.start, 'x', true), u.valToPos(s.soc_start * 100, 'y', true)],
          [u.valToPos(s.end, 'x', true), u.valToPos(s.soc_end * 100, 'y', true)],
        ], [5 * r, 3 * r])
      }
    })
  }

  private drawSocLimits(u: uPlot): void {
    this.inside(u, (ctx, r) => {
      for (const limit of [this.view!.socMin, this.view!.socMax]) {
        const y = Math.round(u.valToPos(limit * 100, 'y', true))
        this.stroke(ctx, this.ink['ink-3'], r, [[u.bbox.left, y], [u.bbox.left + u.bbox.width, y]], [2 * r, 3 * r])
      }
      ctx.font = `600 ${11 * r}px ${this.ink.font}`
      ctx.fillStyle = this.ink['ink-2']
      ctx.textAlign = 'left'
      ctx.textBaseline = 'top'
      ctx.fillText(this.words.soc, u.bbox.left + 6 * r, u.bbox.top + 8 * r)
    })
  }

  private drawNow(u: uPlot, label: boolean): void {
    const { now, end } = this.view!
    if (now > end) return
    this.inside(u, (ctx, r) => {
      const x = Math.round(u.valToPos(now, 'x', true))
      const { left, top, width, height } = u.bbox
      this.stroke(ctx, this.ink.ink, 1.5 * r, [[x, top + (label ? STRIP * r : 0)], [x, top + height]])
      if (!label) return
      const text = `${this.words.now} ${hhmm(now, this.zone)}`
      ctx.font = `600 ${11 * r}px ${this.ink.font}`
      const w = ctx.measureText(text).width + 12 * r
      const from = x + w > left + width ? x - w - r : x + r
      ctx.fillStyle = this.ink.ink
      ctx.beginPath()
      ctx.roundRect(from, top + (STRIP + 3) * r, w, 17 * r, 3 * r)
      ctx.fill()
      ctx.fillStyle = this.ink.panel
      ctx.textAlign = 'left'
      ctx.textBaseline = 'middle'
      ctx.fillText(text, from + 6 * r, top + (STRIP + 12) * r)
    })
  }

  private stroke(ctx: CanvasRenderingContext2D, colour: string, width: number, path: [number, number][], dash: number[] = []): void {
    ctx.setLineDash(dash)
    ctx.strokeStyle = colour
    ctx.lineWidth = width
    ctx.beginPath()
    path.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)))
    ctx.stroke()
    ctx.setLineDash([])
  }
}
