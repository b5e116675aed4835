import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// File names carry no hash: the build is committed, and a stable name keeps its history readable.
export default defineConfig({
  base: './',
  plugins: [vue()],
  server: { proxy: { '/api': process.env.LEYDEN_API ?? 'http://127.0.0.1:8429' } },
  build: {
    target: 'es2022',
    outDir: '../src/leyden/web/static',
    emptyOutDir: true,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/app.js',
        chunkFileNames: ({ name }) => `assets/${name.replace(/Page$/, '').toLowerCase()}.js`,
        codeSplitting: { groups: [{ name: 'vendor', test: /node_modules|plugin-vue/ }, { name: 'lib', test: /src\/(lib|messages)\// }] },
        assetFileNames: ({ names }) => (names[0]?.endsWith('.css') ? 'assets/app.css' : 'assets/[name][extname]'),
      },
    },
  },
})
