/** The site's day: powers above, SOC below, tariff bands behind, the plan dashed, now a line. mount/update/destroy, no framework. */
import uPlot from 'uplot'
import { num } from '../lib/format'
import { hhmm, ticks } from '../lib/time'
import { STRIP, drawBands, drawDeviation, drawNow, drawPlan, drawSocLimits, drawSocPlan, drawStrip, drawZero, type DayBand, type DayView, type DayWords, type Face } from './daydraw'
import { alpha, inks, type Inks } from './ink'
import { followTouch } from './touch'

export type { DayBand, DayView, DayWords }

const AXIS_W = 50

/** uPlot's own mark of a cursor that a click holds; its types leave it out. */
type Held = uPlot.Cursor & { _lock?: boolean }

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
    followTouch(el, () => this.powers)
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

  /** Moves the cursor to an instant from the keyboard; null lets go, also of one that a click holds. */
  point(t: number | null): void {
    const u = this.powers
    if (t == null) this.hold(false)
    if (u) u.setCursor(t == null ? { left: -10, top: -10 } : { left: u.valToPos(t, 'x'), top: u.over.clientHeight / 2 })
  }

  /** Whether the cursor stays where it is when the mouse leaves: a click does the same. */
  private hold(on: boolean): void {
    for (const u of [this.powers, this.soc]) if (u) (u.cursor as Held)._lock = on
  }

  private heldAt(): number | null {
    const u = this.powers
    return u && (u.cursor as Held)._lock && u.cursor.left != null ? u.posToVal(u.cursor.left, 'x') : null
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
    const held = this.heldAt()
    this.powers?.destroy()
    this.soc?.destroy()
    const { clientWidth: width, clientHeight: height } = this.el
    this.size = `${width}x${height}`
    if (width < 50 || height < 50) return
    const top = Math.round(height * 0.64)
    this.powers = new uPlot(this.powerOptions(width, top), this.powerData(), this.el)
    this.soc = new uPlot(this.socOptions(width, height - top), this.socData(), this.el)
    if (held != null && held >= this.view!.start && held < this.view!.end) {
      this.point(held)
      this.hold(true)
    }
  }

  private common(labels: boolean): Pick<uPlot.Options, 'cursor' | 'legend' | 'scales'> & { x: uPlot.Axis; y: uPlot.Axis } {
    const { start, end } = this.view!
    const font = `11px ${this.ink.font}`
    const base = { stroke: this.ink['ink-3'], font, grid: { stroke: this.ink['line-soft'], width: 1 }, ticks: { show: false } }
    const at = ticks(start, end, this.zone, this.el.clientWidth < 520 ? 5 : 9)
    const name = (t: number) => (t === end ? '24:00' : hhmm(t, this.zone))
    return {
      cursor: { sync: { key: 'day' }, y: false, lock: true, points: { size: 6 }, drag: { x: false, y: false } },
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
    // The strip of tariff bands covers the top of the scale; a label half under it would be misread.
    const label = (u: uPlot, w: number, big: boolean) => (u.valToPos(w, 'y') < STRIP + 6 ? '' : value(w, big))
    const value = (w: number, big: boolean) => (big ? `${num(w / 1e6, Math.abs(w % 1e6) > 1 ? 1 : 0)} MW` : `${num(w / 1e3)} kW`)
    return {
      ...common, width, height, padding: [0, 22, 0, 0],
      scales: { ...scales, y: { range: () => this.range() } },
      axes: [x, { ...y, values: (u, at) => at.map((w) => label(u, w, Math.max(...at) >= 1e6)), space: 34 }],
      series: [
        {},
        { stroke: this.ink.load, width: 1.25, ...quiet },
        { stroke: this.ink.grid, width: 1.25, ...quiet },
        { stroke: this.ink.pv, width: 1.5, ...quiet },
        { stroke: this.ink.wind, width: 1.5, ...quiet },
        { stroke: (u) => this.twoTone(u, 1), fill: (u) => this.twoTone(u, 0.34), width: 1.5, paths: stepped, ...quiet },
      ],
      hooks: {
        drawClear: [(u) => drawBands(u, this.face())],
        drawAxes: [(u) => drawStrip(u, this.face())],
        draw: [(u) => this.drawPowers(u)],
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
        drawClear: [(u) => drawBands(u, this.face())],
        draw: [(u) => this.drawSoc(u)],
      },
    }
  }

  private face(): Face {
    return { view: this.view!, ink: this.ink, zone: this.zone, words: this.words }
  }

  private drawPowers(u: uPlot): void {
    const face = this.face()
    drawZero(u, face)
    drawDeviation(u, face)
    drawPlan(u, face)
    drawNow(u, face, true)
  }

  private drawSoc(u: uPlot): void {
    const face = this.face()
    drawSocLimits(u, face)
    drawSocPlan(u, face)
    drawNow(u, face, false)
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
}
