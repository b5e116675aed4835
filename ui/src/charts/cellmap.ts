/** Every cell of a battery on one canvas: racks side by side, modules stacked, cells in rows. A few ms for 4000 cells. */
import { TEMPERATURE, VOLTAGE, departure, rackStats, type CellMode, type Place, type RackStats } from '../lib/cells'
import { num } from '../lib/format'
import type { CellFrame } from '../lib/types'
import { inks, mix, rgb, type Inks, type Rgb } from './ink'

type Grid = { columns: number; rows: number; tileW: number; rowH: number; cellW: number; cellH: number; perRow: number; left: number }
export type Shown = { frame: CellFrame; mode: CellMode; zoom: number | null; hover: Place | null; stale: boolean }

const TOP = 16
const BOTTOM = 20
const GAP = 10
const MODULE_GAP = 3

export class CellMap {
  private shown: Shown | null = null
  private stats: RackStats[] = []
  private grid: Grid | null = null
  private ink: Inks = inks()
  private readonly resize: ResizeObserver

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.resize = new ResizeObserver(() => this.draw())
    this.resize.observe(canvas)
  }

  update(shown: Shown): void {
    if (shown.frame !== this.shown?.frame) this.stats = rackStats(shown.frame)
    this.shown = shown
    this.draw()
  }

  restyle(): void {
    this.ink = inks()
    this.draw()
  }

  destroy(): void {
    this.resize.disconnect()
  }

  /** The cell under a point of the canvas, in CSS pixels. */
  pick(x: number, y: number): Place | null {
    const { shown, grid } = this
    if (!shown || !grid) return null
    const [, modules, cells] = shown.frame.shape
    const rowsPerModule = Math.ceil(cells / grid.perRow)
    const moduleH = grid.cellH * rowsPerModule + MODULE_GAP
    for (const rack of this.racks()) {
      const [left, top] = this.origin(rack)
      if (x < left || x >= left + grid.tileW || y < top || y >= top + moduleH * modules) continue
      const module = Math.floor((y - top) / moduleH)
      const row = Math.min(rowsPerModule - 1, Math.floor((y - top - module * moduleH) / grid.cellH))
      const cell = row * grid.perRow + Math.min(grid.perRow - 1, Math.floor((x - left) / grid.cellW))
      if (cell >= cells) return null
      return { rack, module, cell, index: (rack * modules + module) * cells + cell }
    }
    return null
  }

  private racks(): number[] {
    const { frame, zoom } = this.shown!
    return zoom == null ? Array.from({ length: frame.shape[0] }, (_, rack) => rack) : [zoom]
  }

  private layout(width: number, height: number): Grid {
    const [, modules, cells] = this.shown!.frame.shape
    const count = this.racks().length
    const most = width < 520 ? 5 : width < 820 ? 10 : 20
    const rows = Math.ceil(count / most)
    const columns = Math.ceil(count / rows)
    const widest = count === 1 ? Math.min(width, 560) : width
    // A cell is wider than high in a cabinet; 12 to a row keeps a module of 48 at four rows.
    const perRow = cells % 12 === 0 ? 12 : Math.ceil(Math.sqrt(cells * 3))
    const cellW = Math.max(2, Math.floor(((widest - GAP * (columns - 1)) / columns / perRow) * 4) / 4)
    const tileW = cellW * perRow
    const rowH = height / rows
    const lines = Math.ceil(cells / perRow) * modules
    const cellH = Math.max(2, Math.floor(((rowH - TOP - BOTTOM - MODULE_GAP * (modules - 1)) / lines) * 4) / 4)
    return { columns, rows, tileW, rowH, cellW, cellH, perRow, left: (width - columns * tileW - (columns - 1) * GAP) / 2 }
  }

  private origin(rack: number): [number, number] {
    const g = this.grid!
    const at = this.shown!.zoom == null ? rack : 0
    return [g.left + (at % g.columns) * (g.tileW + GAP), Math.floor(at / g.columns) * g.rowH + TOP]
  }

  private cellBox(place: Place): [number, number] {
    const g = this.grid!
    const rowsPerModule = Math.ceil(this.shown!.frame.shape[2] / g.perRow)
    const [left, top] = this.origin(place.rack)
    const line = place.module * rowsPerModule + Math.floor(place.cell / g.perRow)
    return [left + (place.cell % g.perRow) * g.cellW, top + line * g.cellH + place.module * MODULE_GAP]
  }

  private draw(): void {
    const { canvas, shown } = this
    if (!shown || !canvas.clientWidth) return
    const ratio = devicePixelRatio || 1
    canvas.width = Math.round(canvas.clientWidth * ratio)
    canvas.height = Math.round(canvas.clientHeight * ratio)
    const ctx = canvas.getContext('2d')!
    ctx.scale(ratio, ratio)
    ctx.globalAlpha = shown.stale ? 0.45 : 1
    this.grid = this.layout(canvas.clientWidth, canvas.clientHeight)
    for (const rack of this.racks()) this.drawRack(ctx, rack)
    if (shown.hover) this.outline(ctx, shown.hover, 1)
  }

  private drawRack(ctx: CanvasRenderingContext2D, rack: number): void {
    const { frame, mode } = this.shown!
    const [, modules, cells] = frame.shape
    const g = this.grid!
    const paint = this.painter(mode)
    const gap = g.cellW > 3.5 ? 0.6 : 0.4
    for (let i = 0; i < modules * cells; i++) {
      const index = rack * modules * cells + i
      const [x, y] = this.cellBox({ rack, module: Math.floor(i / cells), cell: i % cells, index })
      const far = departure(frame, this.stats, index, mode)
      if (far == null) {
        ctx.strokeStyle = this.ink['ink-3']
        ctx.lineWidth = 0.5
        ctx.strokeRect(x + 0.5, y + 0.5, g.cellW - 1.5, g.cellH - 1.5)
        continue
      }
      ctx.fillStyle = paint(far)
      ctx.fillRect(x, y, g.cellW - gap, g.cellH - 0.6)
    }
    this.drawLabels(ctx, rack)
  }

  private drawLabels(ctx: CanvasRenderingContext2D, rack: number): void {
    const { frame, mode } = this.shown!
    const g = this.grid!
    const stats = this.stats[rack]!
    const [left, top] = this.origin(rack)
    const odd = mode === 'voltage' ? stats.oddVoltage : stats.oddTemperature
    const far = odd < 0 ? 0 : (departure(frame, this.stats, odd, mode) ?? 0)
    const off = Math.abs(far) >= (mode === 'voltage' ? VOLTAGE.full : TEMPERATURE.full)
    const [, modules, cells] = frame.shape
    const bottom = top + Math.ceil(cells / g.perRow) * modules * g.cellH + (modules - 1) * MODULE_GAP
    ctx.font = `${off ? 700 : 600} 11px ${this.ink.font}`
    ctx.textBaseline = 'alphabetic'
    ctx.fillStyle = off ? this.ink.p2s : this.ink['ink-2']
    ctx.fillText(String(rack + 1).padStart(2, '0'), left, top - 5)
    ctx.font = `${off ? 700 : 500} 11px ${this.ink.font}`
    ctx.fillStyle = off ? this.ink.p2s : this.ink['ink-3']
    const known = mode === 'voltage' ? Number.isFinite(stats.mean_mv) : Number.isFinite(stats.max_degc)
    const text = mode === 'voltage' ? `${num(stats.max_mv - stats.min_mv)} mV` : `${num(stats.max_degc, 1)} °C`
    ctx.fillText(known ? text : '—', left, bottom + 14)
    if (!off) return
    const [x, w] = [left - 3.5, g.tileW + 6.4]
    ctx.strokeStyle = this.ink.p2
    ctx.lineWidth = 1.5
    ctx.strokeRect(x, top - 3.5, w, bottom - top + 6.4)
    const [, module, cell] = [rack, Math.floor((odd % (modules * cells)) / cells), odd % cells]
    this.outline(ctx, { rack, module, cell, index: odd }, 2)
  }

  private outline(ctx: CanvasRenderingContext2D, place: Place, by: number): void {
    if (this.shown!.zoom != null && place.rack !== this.shown!.zoom) return
    const [x, y] = this.cellBox(place)
    ctx.strokeStyle = this.ink.ink
    ctx.lineWidth = 1.5
    ctx.strokeRect(x - by, y - by, this.grid!.cellW + 2 * by - 0.6, this.grid!.cellH + 2 * by - 0.6)
  }

  /** Departure to colour: grey inside the dead band, then towards blue (low) or orange (high). */
  private painter(mode: CellMode): (far: number) => string {
    const { dead, full } = mode === 'voltage' ? VOLTAGE : TEMPERATURE
    const [mid, low, high]: Rgb[] = [rgb(this.ink['cell-mid']), rgb(this.ink['cell-lo']), rgb(this.ink['cell-hi'])]
    const cache = new Map<number, string>()
    return (far) => {
      const step = Math.round(Math.max(-full, Math.min(full, far)) * 2) / 2
      let colour = cache.get(step)
      if (!colour) {
        const k = Math.min(1, Math.max(0, (Math.abs(step) - dead) / (full - dead)))
        colour = mix(mid!, step < 0 ? low! : high!, k ** 0.8)
        cache.set(step, colour)
      }
      return colour
    }
  }
}
