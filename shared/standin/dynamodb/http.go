package dynamodb

import (
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxBody is the service's limit of a request.
const maxBody = 16 << 20

var exchanges = sync.Pool{New: func() any { return &exchange{} }}

const (
	targetDynamo  = "DynamoDB_20120810."
	targetStreams = "DynamoDBStreams_20120810."
)

var operations = map[string]func(*exchange) error{
	"PutItem": (*exchange).putItem, "UpdateItem": (*exchange).updateItem, "DeleteItem": (*exchange).deleteItem,
	"GetItem": (*exchange).getItem, "Query": (*exchange).query, "Scan": (*exchange).scan,
	"BatchGetItem": (*exchange).batchGet, "BatchWriteItem": (*exchange).batchWrite,
	"TransactGetItems": (*exchange).transactGet, "TransactWriteItems": (*exchange).transactWrite,
	"CreateTable": (*exchange).createTable, "DescribeTable": (*exchange).describeTable, "ListTables": (*exchange).listTables,
	"UpdateTable": (*exchange).updateTable, "DeleteTable": (*exchange).deleteTable,
	"UpdateTimeToLive": (*exchange).updateTimeToLive, "DescribeTimeToLive": (*exchange).describeTimeToLive,
	"UpdateContinuousBackups": (*exchange).updateBackups, "DescribeContinuousBackups": (*exchange).describeBackups,
	"TagResource": (*exchange).tagResource, "UntagResource": (*exchange).untagResource, "ListTagsOfResource": (*exchange).listTags,
	"DescribeLimits": (*exchange).describeLimits, "DescribeEndpoints": (*exchange).describeEndpoints,
}

var streamOperations = map[string]func(*exchange) error{
	"ListStreams": (*exchange).listStreams, "DescribeStream": (*exchange).describeStream,
	"GetShardIterator": (*exchange).shardIterator, "GetRecords": (*exchange).records,
}

var (
	headerJSON = []string{"application/x-amz-json-1.0"}
)

// ServeHTTP answers one request of the JSON 1.0 protocol.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header()["Content-Type"] = []string{"text/plain"}
		if r.Method == http.MethodGet && r.URL.Path == "/" {
			_, _ = io.WriteString(w, "healthy: dynamodb")
			return
		}
		http.Error(w, "DynamoDB answers POST requests", http.StatusMethodNotAllowed)
		return
	}
	x := exchanges.Get().(*exchange)
	*x = exchange{e: e, body: x.body[:0], out: x.out[:0], costs: x.costs[:0]}
	status := http.StatusOK
	err := x.serve(r)
	if err != nil {
		f := asFault(err)
		status = f.status
		x.out = append(x.out[:0], `{"__type":`...)
		x.out = appendText(x.out, f.kind)
		x.out = append(x.out, `,"message":`...)
		x.out = appendText(x.out, f.message)
		x.out = append(x.out, f.members...)
		x.out = append(x.out, '}')
		x.observe(f.code())
	} else {
		x.observe("")
	}
	h := w.Header()
	var room [24]byte
	h["Content-Type"] = headerJSON
	h["Content-Length"] = []string{string(strconv.AppendInt(room[:0], int64(len(x.out)), 10))}
	h["X-Amz-Crc32"] = []string{string(strconv.AppendUint(room[:0], uint64(crc32.ChecksumIEEE(x.out)), 10))}
	h["X-Amzn-Requestid"] = []string{requestID()}
	w.WriteHeader(status)
	_, _ = w.Write(x.out)
	if cap(x.body)+cap(x.out) <= 4<<20 {
		exchanges.Put(x)
	}
}

func requestID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [52]byte
	for i := 0; i < len(id); {
		for n, k := rand.Uint64(), 0; k < 12 && i < len(id); i, k = i+1, k+1 {
			id[i] = letters[n&31]
			n >>= 5
		}
	}
	return string(id[:])
}

func (x *exchange) serve(r *http.Request) error {
	target := r.Header.Get("X-Amz-Target")
	table := operations
	action, ok := strings.CutPrefix(target, targetDynamo)
	if !ok {
		table = streamOperations
		if action, ok = strings.CutPrefix(target, targetStreams); !ok {
			return unknownOperation("")
		}
	}
	x.action = action
	x.readSignature(r.Header.Get("Authorization"))
	run := table[action]
	if run == nil {
		return unknownOperation("The operation " + action + " is not implemented by this DynamoDB stand-in")
	}
	if err := x.readBody(r); err != nil {
		return err
	}
	return run(x)
}

// readSignature takes the access key and the region out of
// "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, ...".
func (x *exchange) readSignature(header string) {
	x.region = "us-east-1"
	_, rest, ok := strings.Cut(header, "Credential=")
	if !ok {
		return
	}
	scope, _, _ := strings.Cut(rest, ",")
	key, rest, _ := strings.Cut(scope, "/")
	_, rest, _ = strings.Cut(rest, "/")
	region, _, ok := strings.Cut(rest, "/")
	x.accessKey = key
	if ok && region != "" {
		x.region = region
	}
}

func (x *exchange) readBody(r *http.Request) error {
	if r.ContentLength > maxBody {
		return &fault{kind: serviceSpace + "RequestEntityTooLargeException", message: "Request body exceeds 16 MB", status: 413}
	}
	b := x.body[:0]
	if n := int(r.ContentLength); n > cap(b) {
		b = make([]byte, 0, n+512)
	}
	if cap(b) == 0 {
		b = make([]byte, 0, 4096)
	}
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badJSON("Reading the request body: %v", err)
		}
		if len(b) > maxBody {
			return &fault{kind: serviceSpace + "RequestEntityTooLargeException", message: "Request body exceeds 16 MB", status: 413}
		}
	}
	x.body = b
	return nil
}
