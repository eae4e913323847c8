package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/userops/userops/shared/secret"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/httpapi"
)

// cpu is the processor time that the process has taken so far, the garbage collector's included.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBatch20 is one request with 20 events of about 600 bytes from the gateway's JSON to the queue's body, without the SDK's
// sending.
func BenchmarkBatch20(b *testing.B) {
	const n = 20
	var body strings.Builder
	body.WriteString(`{"batch":[`)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"type":"track","event":"Product Viewed","messageId":"ajs-next-1763712000000-%08d","anonymousId":"0b7a1f9e-6c1f-4f0e-9f55-3a0f7a1c2d3e",`+
			`"properties":{"product_id":"SKU-%05d","name":"中文名称 cotton shirt, \"slim\"","category":"Men/Shirts","price":129.90,"currency":"CNY","position":%d},`+
			`"context":{"library":{"name":"analytics.js","version":"npm:next-1.70.0"},"page":{"path":"/p/%d","referrer":"https://shop.example/","title":"Shirt","url":"https://shop.example/p/%d"},`+
			`"locale":"zh-CN","timezone":"Asia/Shanghai","userAgent":"Mozilla/5.0 (iPhone)"},"integrations":{},"timestamp":"2026-11-21T08:00:%02d.123Z"}`, i, i, i, i, i, i)
	}
	body.WriteString(`],"sentAt":"2026-11-21T08:01:00.000Z"}`)
	raw, err := json.Marshal(request("/v1/batch", defaultKey, body.String()))
	if err != nil {
		b.Fatal(err)
	}
	var sent int
	p := &Process{Secrets: secret.Fixed(nil), DefaultKey: defaultKey, Now: time.Now, NewID: func() string { return "" },
		Queue: queueFunc(func(bodies [][]byte) { sent = len(bodies[0]) })}
	serve := httpapi.Lambda(p.Handler())
	before := cpu(b)
	for b.Loop() {
		var in events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(raw, &in); err != nil {
			b.Fatal(err)
		}
		if out, err := serve(context.Background(), in); err != nil || out.StatusCode != 200 {
			b.Fatal(err, out)
		}
	}
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N)/n/1000, "cpu-us/event")
	b.ReportMetric(float64(body.Len())/n, "bytes/event")
	b.ReportMetric(float64(sent)/n, "queued_bytes/event")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n/1000, "us/event")
}

// queueFunc is a queue that takes everything.
type queueFunc func(bodies [][]byte)

func (f queueFunc) SendAll(_ context.Context, bodies [][]byte) error {
	f(bodies)
	return nil
}
