package event

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// deviceBatch is a body of n events of about 600 bytes, as a shop's site sends them.
func deviceBatch(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"batch":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"track","event":"Product Viewed","messageId":"ajs-next-1763712000000-%08d","anonymousId":"0b7a1f9e-6c1f-4f0e-9f55-3a0f7a1c2d3e",`+
			`"properties":{"product_id":"SKU-%05d","name":"中文名称 cotton shirt, \"slim\"","category":"Men/Shirts","price":129.90,"currency":"CNY","position":%d},`+
			`"context":{"library":{"name":"analytics.js","version":"npm:next-1.70.0"},"page":{"path":"/p/%d","referrer":"https://shop.example/","title":"Shirt","url":"https://shop.example/p/%d"},`+
			`"locale":"zh-CN","timezone":"Asia/Shanghai","userAgent":"Mozilla/5.0 (iPhone)"},"integrations":{},"timestamp":"2026-11-21T08:00:%02d.123Z"}`, i, i, i, i, i, i%60)
	}
	b.WriteString(`],"sentAt":"2026-11-21T08:01:00.000Z","writeKey":"demo-write-key"}`)
	return []byte(b.String())
}

func BenchmarkParseBatch20(b *testing.B) {
	body := deviceBatch(20)
	arrival := Arrival{ReceivedAt: time.Date(2026, 11, 21, 8, 1, 1, 0, time.UTC)}
	b.ReportMetric(float64(len(body))/20, "bytes/event")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		batch, err := ParseBatch(body, arrival)
		if err != nil || len(batch.Events) != 20 {
			b.Fatal(err, batch)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20/1000, "us/event")
}
