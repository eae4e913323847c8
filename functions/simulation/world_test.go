package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/dynamodb"
	"github.com/userops/userops/shared/standin/s3"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/sqs"
)

const (
	stackName   = "sim"
	serverKey   = "sim-server-key"
	operatorKey = "sim-operator-key"
	publicKey   = "sim-write-key"
	hashSecret  = "sim-user-hash-secret"
)

// world is one deployment that lives in virtual time.
type world struct {
	seed     uint64
	faults   rates
	template *sam.Template
	db       *dynamodb.Engine
	queues   *sqs.Engine
	objects  *s3.Engine
	replica  replica
	provider *provider
	mappings []*mapping
	horizon  time.Duration // how long the traffic goes on

	refused, warned noted

	mu          sync.Mutex
	counts      map[string]int
	idle        map[string][]*instance
	running     int // invocations under way
	later       int // messages that are to come again
	stopped     bool
	drowsy      bool // weeks in which nothing is told: of the schedules of a minute, one in an hour runs
	failedClean map[string]int
	still       bool        // the schedules of minutes are not run
	outlasted   []ownerless // reports that waited when all else was done

	operations int
	fires      map[fault]int
	struck     []string // every single fault that struck
	played     []played
	scenes     []int           // what is played, nil for all
	without    map[string]bool // events that are not sent
	coverage   coverage
	watch      *watch
	consents   *consents
	redrivenAt time.Time               // when a dead letter of events was last sent again
	redrives   map[string]redriveAsked // what an operator has last asked of each queue's dead letters
	vault      *vault
	load       *load
	sendings   []sending
	tried      []sending       // of no person: what operators send to themselves
	trials     map[string]bool // which the API has taken, by id
	model      *model
	violations []violation
	log        bytes.Buffer
	output     string // the file to which functions write what they count
	story      func(string)
	trace      uint64
	cast       *cast
	profiles   int
	begun      time.Time
}

// newWorld makes the tables and queues of the template. It is called inside a bubble.
func newWorld(seed uint64) *world {
	// The bubble begins in 2000; certificates of time, expiry and age want a later day.
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC).Add(time.Duration(hash(seed, "start")%86400) * time.Second)
	time.Sleep(time.Until(start))
	w := &world{
		seed: seed, faults: newRates(seed), redrives: map[string]redriveAsked{}, counts: map[string]int{}, idle: map[string][]*instance{},
		failedClean: map[string]int{}, fires: map[fault]int{}, without: map[string]bool{}, begun: start,
	}
	w.coverage.init()
	w.watch = newWatch(w)
	w.model = newModel(w)
	w.provider = &provider{w: w}
	w.vault = newVault(w)
	path := filepath.Join("..", "..", "template.yaml")
	parameters := map[string]string{"ServerKeyHash": hashed(serverKey), "OperatorKeyHash": hashed(operatorKey), "DefaultWriteKey": publicKey,
		"UserHashSecret": hashSecret, "SecretsPath": "", "ShopTimeZone": "Asia/Shanghai", "SegmentationShards": "3", "PublicUrl": "http://shop.sim", "NewPerAddress": "20",
		"OperatorKeys": operators()}
	text, err := os.ReadFile(path)
	check(err)
	maps.DeleteFunc(parameters, func(name, _ string) bool { return !strings.Contains(string(text), "\n  "+name+":\n") }) // of an older version
	w.template, err = sam.Load(path, sam.Environment{StackName: stackName, QueueBase: "http://sqs.sim", Parameters: parameters})
	check(err)
	w.consents = newConsents(w)
	check(os.Setenv("USER_HASH", hashSecret)) // where there is no path, this is where secrets are
	for _, f := range w.template.Functions {
		for k, v := range f.Environment {
			check(os.Setenv(k, v))
		}
	}
	never := 1_000_000 * time.Hour
	options := dynamodb.Options{SyncEvery: never, SweepEvery: never, TTLLag: -1, Observe: func(c dynamodb.Call) {
		if w.load != nil {
			w.load.read = c.ReadUnits
		}
	}}
	w.db, err = dynamodb.Open(options)
	check(err)
	w.replica.engine, err = dynamodb.Open(options)
	check(err)
	w.queues, err = sqs.Open(sqs.Options{SyncEvery: never, DeadLettered: w.watch.buried})
	check(err)
	w.objects, err = s3.Open(s3.Options{})
	check(err)
	for _, b := range w.template.Buckets {
		check(w.objects.MakeBucket(b.Name))
	}
	for _, t := range w.template.Tables {
		w.makeTable(t)
	}
	for made := map[string]bool{}; len(made) < len(w.template.Queues); {
		for _, q := range w.template.Queues {
			if made[q.Name] || q.DeadLetter != "" && !made[q.DeadLetter] {
				continue
			}
			body, _ := json.Marshal(map[string]any{"QueueName": q.Name, "Attributes": q.Attributes})
			if answer := serve(w.queues, "AmazonSQS.CreateQueue", body); answer.status != 200 {
				panic(fmt.Sprintf("making queue %s: %s", q.Name, answer.body))
			}
			made[q.Name] = true
		}
	}
	w.load = newLoad(w)
	slog.SetDefault(slog.New(slog.NewJSONHandler(&lockedWriter{w: w}, nil)))
	for _, f := range w.template.Functions {
		for _, one := range f.Mappings {
			q, _ := w.template.Queue(one.Queue)
			m := &mapping{w: w, function: f.Folder, queue: q, batch: one.BatchSize, window: one.Window, most: one.MaximumConcurrency, wake: make(chan struct{}, 1)}
			if m.most == 0 || m.most > 6 && !crowded(seed) {
				m.most = 6 // a small shop
			}
			w.mappings = append(w.mappings, m)
			go m.run()
		}
	}
	return w
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func (w *world) makeTable(t sam.Table) {
	type kv = map[string]any
	attributes := []kv{}
	for _, a := range t.Attributes {
		attributes = append(attributes, kv{"AttributeName": a.Name, "AttributeType": a.Type})
	}
	keys := []kv{{"AttributeName": t.Key.Partition, "KeyType": "HASH"}}
	if t.Key.Sort != "" {
		keys = append(keys, kv{"AttributeName": t.Key.Sort, "KeyType": "RANGE"})
	}
	for _, engine := range []*dynamodb.Engine{w.db, w.replica.engine} {
		call := func(op string, in kv) {
			body, _ := json.Marshal(in)
			if answer := serve(engine, "DynamoDB_20120810."+op, body); answer.status != 200 {
				panic(fmt.Sprintf("making table %s: %s", t.Name, answer.body))
			}
		}
		call("CreateTable", kv{"TableName": t.Name, "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes, "KeySchema": keys})
		if t.TTLAttribute != "" {
			call("UpdateTimeToLive", kv{"TableName": t.Name, "TimeToLiveSpecification": kv{"AttributeName": t.TTLAttribute, "Enabled": true}})
		}
	}
}

func (w *world) close() {
	w.stopped = true
	for _, m := range w.mappings {
		m.poke()
	}
	time.Sleep(30 * 24 * time.Hour) // everything that waits for a time ends
	check(w.db.Close())
	check(w.replica.engine.Close())
	check(w.queues.Close())
}

// start makes a program with clients of its own, named by the invocation that it is started for.
func (w *world) start(function, name string, old bool, now func() time.Time, transport aws.HTTPClient) program {
	config := aws.Config{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: transport,
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				n := 0
				o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
					n++
					d := dice{hash(w.seed, "backoff", name, fmt.Sprint(n, attempt))}
					return d.pause(2*time.Millisecond, time.Duration(50<<attempt)*time.Millisecond), nil
				})
			})
		},
	}
	db := awsdynamodb.NewFromConfig(config, func(o *awsdynamodb.Options) {
		o.BaseEndpoint = aws.String("http://dynamodb.sim")
		o.IdempotencyTokenProvider = tokens{w}
	})
	queues := awssqs.NewFromConfig(config, func(o *awssqs.Options) { o.BaseEndpoint = aws.String("http://sqs.sim") })
	objects := awss3.NewFromConfig(config, func(o *awss3.Options) { o.BaseEndpoint, o.UsePathStyle = aws.String("http://s3.sim"), true })
	jitters := dice{hash(w.seed, "jitter", name)}
	jitter := func(d time.Duration) time.Duration { return time.Duration(jitters.share() * float64(d)) }
	if old {
		return makePrevious(function, db, queues, now, w.provider, jitter)
	}
	return makeProgram(function, db, queues, now, &provider{w, objects}, jitter)
}

// tokens are the idempotency tokens of transactions.
type tokens struct{ w *world }

func (t tokens) GetIdempotencyToken() (string, error) {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.w.counts["token"]++
	return fmt.Sprintf("%016x%016x", hash(t.w.seed, "token", fmt.Sprint(t.w.counts["token"])), t.w.seed), nil
}

// limit is how long an invocation of a function may take.
func (w *world) limit(function string) time.Duration {
	f, _ := w.template.Function(function)
	return f.Timeout
}

// sleep waits in virtual time.
func (w *world) sleep(d time.Duration) { time.Sleep(d) }

// wait is sleep that a context ends.
func (w *world) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fired counts a fault that struck.
func (w *world) fired(f fault, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fires[f]++
	w.struck = append(w.struck, single(f, name))
	if w.story != nil {
		w.story(fmt.Sprintf("%s fault: %s at %s", w.clock(), f, name))
	}
}

func (w *world) clock() string { return clock(time.Now()) }

// clock writes a time as the story has it.
func clock(t time.Time) string { return t.UTC().Format("01-02T15:04:05.000000") }

// tell adds a line to the story of a replay.
func (w *world) tell(format string, args ...any) {
	if w.story != nil {
		w.story(w.clock() + " " + fmt.Sprintf(format, args...))
	}
}

func (w *world) sent(s sending) {
	w.mu.Lock()
	if s.Campaign == "" && s.Profile == "" {
		w.tried = append(w.tried, s)
	} else {
		w.sendings = append(w.sendings, s)
	}
	w.mu.Unlock()
	w.tell("provider: %s", s)
}

// counted is what functions have counted: lines of CloudWatch's embedded metric format.
func (w *world) counted() []byte {
	body, err := os.ReadFile(w.output)
	check(err)
	return body
}

// lockedWriter keeps what functions log.
type lockedWriter struct{ w *world }

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.log.Write(p)
	if l.w.story != nil {
		l.w.story(l.w.clock() + " log: " + strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// fromAddress stands among the headers of a call for the network address that the gateway sees.
const fromAddress = "network address"

// call is one request through the gateway. Status 0 means that no answer came.
func (w *world) call(method, path, key, body string, headers ...string) (status int, answer []byte) {
	pure, _, _ := strings.Cut(path, "?")
	function := w.front(method, pure)
	if function == "" {
		return http.StatusNotFound, nil
	}
	name := w.numbered(method + " " + path + about(body))
	d := dice{hash(w.seed, "call", name)}
	w.sleep(d.pause(time.Millisecond, 40*time.Millisecond))
	lose := w.faults.strikes(gatewayLost, name)
	if lose && d.happens(0.3) {
		w.fired(gatewayLost, name)
		w.sleep(d.pause(time.Second, 5*time.Second))
		return 0, nil
	}
	i, ctx := w.begin(function, name, min(30*time.Second, w.limit(function)))
	r, err := http.NewRequestWithContext(ctx, method, "http://shop.sim"+path, strings.NewReader(body))
	check(err)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "198.51.100.7:443"
	for n := 0; n+1 < len(headers); n += 2 {
		if headers[n] == fromAddress {
			r.RemoteAddr = headers[n+1]
			continue
		}
		r.Header.Set(headers[n], headers[n+1])
	}
	out := &reply{status: 200, header: http.Header{}}
	i.instance.http.ServeHTTP(out, r)
	dead := w.end(i)
	if function == "ingest" {
		w.refuses(i, pure, key, body, out, dead != nil)
	}
	if dead != nil {
		return http.StatusBadGateway, nil
	}
	if lose {
		w.fired(gatewayLost, name)
		w.sleep(d.pause(time.Second, 5*time.Second))
		return 0, nil
	}
	w.sleep(d.pause(time.Millisecond, 40*time.Millisecond))
	return out.status, out.body
}
