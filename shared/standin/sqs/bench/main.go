// Command bench measures the SQS stand-in against a server with canned replies, each in a process of its own, with the
// same SDK client in the same run, and prints JSON: calls per second of both, what share of the canned rate the stand-in
// reaches, and its CPU time per call. Rounds of the two alternate, so that a busy machine slows both down.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/sqs"
)

func main() {
	serve := flag.String("serve", "", "serve standin or canned instead of measuring")
	round := flag.Duration("round", 2*time.Second, "length of a round")
	rounds := flag.Int("rounds", 5, "rounds of each kind")
	conns := flag.Int("conns", 8, "concurrent callers")
	flag.Parse()
	var err error
	if *serve != "" {
		err = server(*serve)
	} else {
		err = measure(*round, *rounds, *conns)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// server prints its address, and the process serves until its input ends.
func server(kind string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var h http.Handler = http.HandlerFunc(canned)
	if kind == "standin" {
		folder, err := os.MkdirTemp("", "sqsbench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		e, err := sqs.Open(sqs.Options{Path: folder + "/sqs.db"})
		if err != nil {
			return err
		}
		defer e.Close()
		h = e
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, h) }()
	_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	if err.Error() == "EOF" {
		return nil
	}
	return err
}

// side is one server under test with a client for it.
type side struct {
	name   string
	cmd    *exec.Cmd
	client *awssqs.Client
	queue  *string
}

func start(name string, conns int) (*side, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self, "-serve", name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		in.Close()
		_ = cmd.Wait()
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting the %s server: %w", name, err)
	}
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = conns, conns
	})
	s := &side{name: name, cmd: cmd, client: awssqs.New(awssqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + strings.TrimSpace(address)), HTTPClient: transport,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), Retryer: aws.NopRetryer{},
	})}
	q, err := s.client.CreateQueue(context.Background(), &awssqs.CreateQueueInput{
		QueueName: aws.String("bench"), Attributes: map[string]string{"VisibilityTimeout": "600"},
	})
	if err != nil {
		stop()
		return nil, nil, err
	}
	s.queue = q.QueueUrl
	return s, stop, nil
}

func (s *side) send(ctx context.Context) error {
	_, err := s.client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: s.queue, MessageBody: aws.String(body)})
	return err
}

func (s *side) sendBatch(ctx context.Context) error {
	var entries []types.SendMessageBatchRequestEntry
	for i := range 10 {
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(body)})
	}
	o, err := s.client.SendMessageBatch(ctx, &awssqs.SendMessageBatchInput{QueueUrl: s.queue, Entries: entries})
	if err == nil && len(o.Successful) != 10 {
		err = fmt.Errorf("%d messages of 10 were sent", len(o.Successful))
	}
	return err
}

func (s *side) receiveDelete(ctx context.Context) error {
	o, err := s.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: s.queue, MaxNumberOfMessages: 10})
	if err != nil {
		return err
	}
	if len(o.Messages) == 0 {
		return fmt.Errorf("the queue is empty")
	}
	var entries []types.DeleteMessageBatchRequestEntry
	for i, m := range o.Messages {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	d, err := s.client.DeleteMessageBatch(ctx, &awssqs.DeleteMessageBatchInput{QueueUrl: s.queue, Entries: entries})
	if err == nil && len(d.Failed) > 0 {
		err = fmt.Errorf("%d messages were not deleted", len(d.Failed))
	}
	return err
}

// run calls do from several goroutines for a while and returns calls per second and the
// server's CPU microseconds per call.
func (s *side) run(do func(context.Context) error, length time.Duration, conns int) (float64, float64, error) {
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	var calls atomic.Int64
	var failed atomic.Value
	var group sync.WaitGroup
	for range conns {
		group.Go(func() {
			for time.Since(begin) < length {
				if err := do(context.Background()); err != nil {
					failed.Store(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(begin).Seconds()
	if err, ok := failed.Load().(error); ok {
		return 0, 0, fmt.Errorf("%s: %w", s.name, err)
	}
	after, err := cpu(s.cmd.Process.Pid)
	n := float64(calls.Load())
	return n / took, (after - before) / n, err
}

// cpu is the CPU time that a process has used, in microseconds.
func cpu(pid int) (float64, error) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, t := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		if err != nil {
			continue // the thread has ended
		}
		var ns float64
		if _, err := fmt.Sscan(string(b), &ns); err != nil {
			return 0, err
		}
		total += ns / 1000
	}
	return total, nil
}

type figure struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func measure(length time.Duration, rounds, conns int) error {
	sides := make([]*side, 2)
	for i, name := range []string{"standin", "canned"} {
		s, stop, err := start(name, conns)
		if err != nil {
			return err
		}
		defer stop()
		sides[i] = s
	}
	figures := map[string]figure{}
	for _, kind := range []struct {
		name string
		do   func(*side, context.Context) error
	}{
		{"SendMessage", (*side).send},
		{"SendMessageBatch", (*side).sendBatch},
		{"ReceiveAndDelete", (*side).receiveDelete},
	} {
		rates, costs := map[string][]float64{}, map[string][]float64{}
		for range rounds {
			for _, s := range sides {
				if kind.name == "ReceiveAndDelete" && s.name == "standin" {
					// Something to receive that will last for the round: a batch a call.
					if _, _, err := s.run(s.sendBatch, 2*length, conns); err != nil {
						return err
					}
				}
				rate, cost, err := s.run(func(ctx context.Context) error { return kind.do(s, ctx) }, length, conns)
				if err != nil {
					return err
				}
				rates[s.name] = append(rates[s.name], rate)
				costs[s.name] = append(costs[s.name], cost)
			}
		}
		for _, s := range sides {
			figures[s.name+"."+kind.name+".per_s"] = figure{median(rates[s.name]), "1/s"}
			figures[s.name+"."+kind.name+".server_cpu_us"] = figure{median(costs[s.name]), "us"}
		}
		var shares []float64
		for i := range rounds {
			shares = append(shares, 100*rates["standin"][i]/rates["canned"][i])
		}
		figures["share."+kind.name] = figure{median(shares), "%"}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(figures)
}

func median(v []float64) float64 {
	s := slices.SortedFunc(slices.Values(v), cmp.Compare[float64])
	return s[len(s)/2]
}
