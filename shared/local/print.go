package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
	"github.com/userops/userops/shared/standin/sqs"
)

// print writes to Out, one call at a time.
func (s *Stack) print(text string) {
	if s.o.Out == nil {
		return
	}
	s.out.Lock()
	defer s.out.Unlock()
	_, _ = fmt.Fprintln(s.o.Out, text)
}

// say prints a line of the stack's own.
func (s *Stack) say(text string) {
	s.print(time.Now().Format(clock) + " STACK " + text)
}

const clock = "15:04:05.000"

// Others lists the further HTTP APIs of the template and where they are.
func (s *Stack) Others() []Note { return s.others }

// printStart prints a table of what was started and where.
func (s *Stack) printStart(took time.Duration) {
	if s.o.NoIntake {
		return
	}
	s.print(fmt.Sprintf("%s runs on this machine\n\n%s\nready in %.2f s; Ctrl-C stops it", s.tmpl.File, s.started(), took.Seconds()))
}

// fedWidth is how wide the column may be that says by what a function is fed, so that the table fits into a terminal.
const fedWidth = 56

// started is the table of what was started.
func (s *Stack) started() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)
	a := s.addresses
	routes := 0
	for _, f := range s.tmpl.Functions {
		for _, r := range f.Routes {
			if r.API == s.tmpl.APIs[0].LogicalID {
				routes++
			}
		}
	}
	standIn := func(e string) string {
		if e != "" {
			return " (not a stand-in)"
		}
		return ""
	}
	_, _ = fmt.Fprintf(w, "gateway\t%s\t%s\n", a.Gateway, count(routes, "route"))
	for _, n := range s.others {
		_, _ = fmt.Fprintf(w, "%s\t%s\t\n", n.Label, n.Text)
	}
	_, _ = fmt.Fprintf(w, "DynamoDB\t%s\t%s%s\n", a.DynamoDB, count(len(s.tmpl.Tables), "table"), standIn(s.o.DynamoDBEndpoint))
	_, _ = fmt.Fprintf(w, "SQS\t%s\t%s%s\n", a.SQS, count(len(s.tmpl.Queues), "queue"), standIn(s.o.SQSEndpoint))
	if n := len(s.tmpl.Buckets); n > 0 {
		_, _ = fmt.Fprintf(w, "S3\t%s\t%s\n", a.S3, count(n, "bucket"))
	}
	_, _ = fmt.Fprintf(w, "SSM\t%s\tsecrets\n", a.SSM)
	_, _ = fmt.Fprintf(w, "Lambda\t%s\t%s\n", a.Lambda, count(len(s.tmpl.Functions), "function"))
	if a.Inbox != "" {
		_, _ = fmt.Fprintf(w, "inbox\t%s\tSMTP %s\n", a.Inbox, a.SMTP)
	}
	if s.folder.path != "" {
		_, _ = fmt.Fprintf(w, "data\t%s\tkept\n", s.folder.path)
	}
	if s.o.Notes != nil {
		for _, n := range s.o.Notes(a) {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", n.Label, n.Text) // without a tab at its end it widens no column
		}
	}
	_ = w.Flush() // the functions have columns of their own
	_, _ = fmt.Fprintf(w, "\nFUNCTION\tFED BY\tRUNS AT MOST\n")
	for _, f := range s.tmpl.Functions {
		limit := s.o.Concurrency
		if f.Reserved != nil {
			limit = *f.Reserved
		}
		most := fmt.Sprintf("%d at once, %s each", limit, f.Timeout)
		for i, fed := range lines(s.sources(f), "; ", fedWidth) {
			if i == 0 {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", f.LogicalID, fed, most)
			} else {
				_, _ = fmt.Fprintf(w, "\t%s\t\n", fed)
			}
		}
	}
	_ = w.Flush()
	var tidy strings.Builder
	for _, line := range strings.Split(strings.TrimRight(out.String(), "\n"), "\n") {
		tidy.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return tidy.String()
}

// lines joins parts to as few lines as they fit on; a part that is wider has one of its own. Without parts there is one empty line.
func lines(parts []string, between string, width int) []string {
	all := []string{""}
	for i, part := range parts {
		last := &all[len(all)-1]
		switch {
		case i == 0:
			*last = part
		case len(*last)+len(between)+len(part) <= width:
			*last += between + part
		default:
			all = append(all, part)
		}
	}
	return all
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sources says in a few words where a function's events come from.
func (s *Stack) sources(f sam.Function) []string {
	var out []string
	if n := len(f.Routes); n > 0 {
		out = append(out, count(n, "route"))
	}
	for _, m := range f.Mappings {
		q, _ := s.tmpl.Queue(m.Queue)
		text := fmt.Sprintf("%s by %d", q.LogicalID, m.BatchSize)
		if m.Window > 0 {
			text += fmt.Sprintf(" or %s", m.Window)
		}
		out = append(out, text)
	}
	for _, x := range f.Schedules {
		text := x.Expression
		if x.Timezone != "UTC" {
			text += " " + x.Timezone
		}
		if !x.Enabled {
			text += " (off)"
		}
		out = append(out, text)
	}
	return out
}

// logLine prints a line of a function as: time, level, function, request, message, then the other fields.
func (s *Stack) logLine(l lambda.Line) {
	name := l.Function
	if f, ok := s.tmpl.Function(l.Function); ok {
		name = f.Folder
	}
	if text, ok := formatLine(l, name); ok {
		s.print(text)
	}
}

// formatLine makes a line readable. It is false for embedded metrics, which are not for people.
func formatLine(l lambda.Line, name string) (string, bool) {
	level, message, rest := l.Level, l.Text, ""
	if fields, ok := parseFields(l.Text); ok {
		if _, metrics := fields.values["_aws"]; metrics {
			return "", false
		}
		level = fields.pop("level")
		if message = fields.pop("msg"); message == "" {
			message = fields.pop("message")
		}
		fields.pop("time")
		for _, id := range []string{"requestId", "request_id", "requestID"} {
			if v := fields.pop(id); v != "" {
				l.RequestID = v
			}
		}
		rest = fields.join()
	}
	if level == "" {
		level = "-"
	}
	request := l.RequestID
	if len(request) > 8 {
		request = request[:8]
	}
	if request == "" {
		request = "-"
	}
	return fmt.Sprintf("%s %-5s %-13s %-8s %s%s", l.Time.Format(clock), level, name, request, message, rest), true
}

// fieldList is a JSON object in the order in which it was written.
type fieldList struct {
	order  []string
	values map[string]json.RawMessage
}

func parseFields(text string) (*fieldList, bool) {
	if !strings.HasPrefix(text, "{") {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	f := &fieldList{values: map[string]json.RawMessage{}}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		name := key.(string)
		f.order = append(f.order, name)
		f.values[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	return f, true
}

func (f *fieldList) pop(name string) string {
	raw, ok := f.values[name]
	if !ok {
		return ""
	}
	delete(f.values, name)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func (f *fieldList) join() string {
	var out strings.Builder
	for _, name := range f.order {
		raw, ok := f.values[name]
		if !ok {
			continue
		}
		value := string(raw)
		var text string
		if json.Unmarshal(raw, &text) == nil {
			value = text
			if text == "" || strings.ContainsAny(text, " =\"\n\t") {
				value = strconv.Quote(text)
			}
		}
		out.WriteString(" " + name + "=" + value)
	}
	return out.String()
}

// deadLettered tells of a message that was given up, and how to try it again. Of many it tells the first, and once a second how many more
// there are.
func (s *Stack) deadLettered(d sqs.DeadLetter) {
	from, to := s.queueTitle(d.Queue), s.queueTitle(d.DeadLetterQueue)
	s.deadMu.Lock()
	defer s.deadMu.Unlock()
	if more, told := s.dead[from]; told {
		s.dead[from] = more + 1
		return
	}
	if s.dead == nil {
		s.dead = map[string]int{}
	}
	s.dead[from] = 0
	s.say(fmt.Sprintf("dead letter: message %s of %s was received %d times and is now in %s; when its cause is mended: make redrive QUEUE=%s", d.MessageID, from, d.Receives, to, from))
	time.AfterFunc(time.Second, func() {
		s.deadMu.Lock()
		defer s.deadMu.Unlock()
		if more := s.dead[from]; more > 0 {
			s.say(fmt.Sprintf("dead letter: %s of %s", count(more, "more message"), from))
		}
		delete(s.dead, from)
	})
}

func (s *Stack) queueTitle(name string) string {
	if q, ok := s.tmpl.Queue(name); ok {
		return q.LogicalID
	}
	return name
}

// asyncFailed sends an asynchronous invocation that was given up where its function says.
func (s *Stack) asyncFailed(failure lambda.Failure) {
	f, _ := s.tmpl.Function(failure.Function)
	s.say(fmt.Sprintf("%s gave up an event of its schedule after %s (%s): %s", f.LogicalID, count(failure.Attempts, "attempt"), failure.Condition, lambda.Result{FunctionError: "Unhandled", Payload: failure.Response}.Err()))
	if f.Async.OnFailureARN != "" {
		record, err := json.Marshal(map[string]any{
			"version": "1.0", "timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
			"requestContext": map[string]any{"requestId": failure.RequestID, "condition": failure.Condition, "approximateInvokeCount": failure.Attempts,
				"functionArn": fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s:$LATEST", s.tmpl.Region, s.tmpl.AccountID, failure.Function)},
			"requestPayload": json.RawMessage(failure.Payload), "responsePayload": json.RawMessage(failure.Response),
			"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		})
		if err == nil {
			err = s.sendDeadLetter(f.Async.OnFailureARN, nil, record)
		}
		if err != nil {
			s.say(err.Error())
		}
	}
	if f.Async.DeadLetterARN != "" {
		attributes := map[string]string{"RequestID": failure.RequestID, "ErrorCode": "200", "ErrorMessage": string(failure.Response)}
		if err := s.sendDeadLetter(f.Async.DeadLetterARN, attributes, failure.Payload); err != nil {
			s.say(err.Error())
		}
	}
}

func (s *Stack) sendDeadLetter(arn string, attributes map[string]string, payload []byte) error {
	q, ok := s.tmpl.Queue(arn)
	if !ok {
		return fmt.Errorf("sending a dead letter: no queue %s", arn)
	}
	in := &awssqs.SendMessageInput{QueueUrl: &q.URL, MessageBody: aws.String(string(payload)), MessageAttributes: map[string]sqstypes.MessageAttributeValue{}}
	for name, value := range attributes {
		if value != "" {
			in.MessageAttributes[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := s.queue.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("sending a dead letter to %s: %w", q.LogicalID, err)
	}
	return nil
}
