package dynamodb

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// sink is an http.ResponseWriter that keeps nothing: the benchmarks measure the engine without the network.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

// caller sends requests to an engine without a network.
type caller struct {
	e    *Engine
	sink sink
	req  *http.Request
	body bytes.Reader
}

func newCaller(e *Engine) *caller {
	c := &caller{e: e}
	c.req, _ = http.NewRequest(http.MethodPost, "/", nil)
	c.req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	c.sink.header = http.Header{}
	return c
}

func (c *caller) call(action, body string) int {
	c.req.Header["X-Amz-Target"] = []string{targetDynamo + action}
	c.body.Reset([]byte(body))
	c.req.Body = io.NopCloser(&c.body)
	c.req.ContentLength = int64(len(body))
	c.e.ServeHTTP(&c.sink, c.req)
	return c.sink.status
}

func (c *caller) must(b *testing.B, action, body string) {
	if status := c.call(action, body); status != 200 {
		b.Fatalf("%s answered %d to %s", action, status, body)
	}
}

const benchTable = `{"TableName":"bench","BillingMode":"PAY_PER_REQUEST",
"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"gpk","AttributeType":"S"}],
"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
"GlobalSecondaryIndexes":[{"IndexName":"gix","KeySchema":[{"AttributeName":"gpk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`

func benchItem(pk string, i int) string {
	return fmt.Sprintf(`{"url":{"S":"https://shop.example.com/p/123456789"},"pk":{"S":"%s"},"sk":{"S":"%06d"},"gpk":{"S":"g%d"},"type":{"S":"page_view"},`+
		`"ts":{"N":"%d"},"amount":{"N":"%d"},"ua":{"S":"Mozilla/5.0 (X11; Linux x86_64)"}}`, pk, i, i%1000, 1700000000+i, i%977)
}

func putBody(pk string, i int) string {
	return `{"TableName":"bench","Item":` + benchItem(pk, i) + `}`
}

func benchEngine(b *testing.B, items int) *caller {
	e, err := Open(Options{Path: b.TempDir() + "/store.db"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	c := newCaller(e)
	c.must(b, "CreateTable", benchTable)
	for i := 0; i < items; i += 20 {
		body := []byte(`{"RequestItems":{"bench":[`)
		for k := range 20 {
			if k > 0 {
				body = append(body, ',')
			}
			body = append(body, `{"PutRequest":{"Item":`+benchItem(fmt.Sprint("seed", i/20), i+k)+`}}`...)
		}
		c.must(b, "BatchWriteItem", string(append(body, "]}}"...)))
	}
	b.ReportAllocs()
	b.ResetTimer()
	return c
}

func BenchmarkPutItem(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "PutItem", putBody(fmt.Sprint("u", i/20), i))
	}
}

func BenchmarkUpdateItem(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "UpdateItem", fmt.Sprintf(`{"TableName":"bench","Key":{"pk":{"S":"cnt%d"},"sk":{"S":"c"}},"UpdateExpression":"ADD n :d SET upd = :t",`+
			`"ExpressionAttributeValues":{":d":{"N":"1"},":t":{"N":"%d"}}}`, i%1000, i))
	}
}

func BenchmarkGetItem(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "GetItem", fmt.Sprintf(`{"TableName":"bench","Key":{"pk":{"S":"seed%d"},"sk":{"S":"%06d"}}}`, i%20000/20, i%20000))
	}
}

func BenchmarkQuery20(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "Query", fmt.Sprintf(`{"TableName":"bench","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"seed%d"}}}`, i%1000))
	}
}

func BenchmarkQueryIndex20(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "Query", fmt.Sprintf(`{"TableName":"bench","IndexName":"gix","KeyConditionExpression":"gpk = :p","ExpressionAttributeValues":{":p":{"S":"g%d"}}}`, i%1000))
	}
}

func BenchmarkScanItem(b *testing.B) {
	c := benchEngine(b, 20000)
	b.ReportMetric(0, "ns/op")
	n := 0
	for b.Loop() {
		c.must(b, "Scan", `{"TableName":"bench","Limit":1000}`)
		n += 1000
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/item")
}

func BenchmarkTransactWriteItems3(b *testing.B) {
	c := benchEngine(b, 20000)
	for i := 0; b.Loop(); i++ {
		c.must(b, "TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"token-%d","TransactItems":[`+
			`{"Put":{"TableName":"bench","Item":%s,"ConditionExpression":"attribute_not_exists(pk)"}},`+
			`{"Update":{"TableName":"bench","Key":{"pk":{"S":"bal%d"},"sk":{"S":"b"}},"UpdateExpression":"ADD n :d","ExpressionAttributeValues":{":d":{"N":"1"}}}},`+
			`{"ConditionCheck":{"TableName":"bench","Key":{"pk":{"S":"absent%d"},"sk":{"S":"c"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`,
			i, benchItem(fmt.Sprint("tx", i), i), i%500, i))
	}
}
