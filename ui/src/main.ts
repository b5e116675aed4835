import { createApp } from 'vue'
import 'uplot/dist/uPlot.min.css'
import './tokens.css'
import './lib/prefs'
import './lib/router'
import App from './App.vue'
import { connect } from './lib/live'

createApp(App).mount('#app')
void connect()
