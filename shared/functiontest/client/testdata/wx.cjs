// As much of a mini-program's wx as the documented client uses. Usage: node wx.cjs <script>
// The answer to the first request is lost, as on a train: the client has to send it again.
const kept = new Map()
let lost = false
global.wx = {
  getStorageSync: (name) => kept.get(name) ?? '',
  setStorageSync: (name, value) => { kept.set(name, value) },
  request({ url, method = 'GET', data, header = {}, success, fail }) {
    fetch(url, { method, headers: { 'content-type': 'application/json', ...header }, body: JSON.stringify(data) }).then(
      (answer) => {
        if (!lost) {
          lost = true
          fail({ errMsg: 'request:fail timeout' })
          return
        }
        console.log(answer.status)
        success({ statusCode: answer.status })
      },
      (e) => fail({ errMsg: 'request:fail ' + e.message }),
    )
  },
}
require(process.argv[2])
