// Sends one of each call with each of the two public clients for node, as a shop's back end would.
// Usage: node clients.cjs <folder of node_modules> <address> <write key>
const { createRequire } = require('node:module')
const [folder, address, key] = process.argv.slice(2)
const load = createRequire(folder + '/')

function calls(client) {
  client.track({ userId: 'u-1', event: 'Order Completed', properties: { order_id: 'o-1', total: 12.3, note: '你好 "😀"' } })
  client.identify({ userId: 'u-1', traits: { email: 'zhang@shop.example' } })
  client.page({ anonymousId: 'a-1', name: 'Cart', category: 'Shop' })
  client.screen({ userId: 'u-1', name: 'Home' })
  client.group({ userId: 'u-1', groupId: 'g-1' })
  client.alias({ previousId: 'a-1', userId: 'u-1' })
}

async function main() {
  const { Analytics } = load('@segment/analytics-node')
  const segment = new Analytics({ writeKey: key, host: address })
  segment.on('error', (e) => { console.error('segment', e); process.exitCode = 1 })
  calls(segment)
  await segment.closeAndFlush()

  const Rudder = load('@rudderstack/rudder-sdk-node')
  const rudder = new (Rudder.default || Rudder)(key, { dataPlaneUrl: address, flushAt: 6 })
  calls(rudder)
  await new Promise((done) => rudder.flush((e) => {
    if (e) { console.error('rudder', e); process.exitCode = 1 }
    done()
  }))
  // Its first event leaves at once, beside the flush.
  setTimeout(() => process.exit(), 300)
}

main()
