package sqs

import (
	"cmp"
	"slices"
	"strconv"
)

func (x *exchange) startMessageMoveTask() *fault {
	var from, to string
	rate, hasRate := 0, false
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "SourceArn":
			return x.in.str(&from)
		case "DestinationArn":
			return x.in.str(&to)
		case "MaxNumberOfMessagesPerSecond":
			return x.in.integer(&rate, &hasRate)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	e := x.e
	source, f := x.taskSource(from)
	if f != nil {
		return f
	}
	// IAM asks for these on the source as well, and for SendMessage on the destination.
	for _, iam := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if f := x.authorize(iam, source); f != nil {
			return f
		}
	}
	destination := ""
	if to != "" {
		var ok bool
		if destination, ok = e.nameOf(to); !ok {
			return invalidValue("DestinationArn %q is not the ARN of a queue of this account and region.", shorten(to))
		}
		if f := x.authorize("SendMessage", destination); f != nil {
			return f
		}
		x.call.Queue = source
	}
	if hasRate && (rate < 1 || rate > maxMoveRate) {
		return invalidParameter(rate, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
	}
	t, c, f := e.startTask(x, source, destination, rate)
	if f != nil {
		return f
	}
	if f := await(c); f != nil {
		return f
	}
	x.out = append(x.out, `{"TaskHandle":"`...)
	x.out = append(x.out, t.Handle...)
	x.out = append(x.out, '"', '}')
	return nil
}

// taskSource authorizes an operation on the tasks of a source.
func (x *exchange) taskSource(arn string) (string, *fault) {
	if arn == "" {
		return "", missing("SourceArn")
	}
	name, ok := x.e.nameOf(arn)
	if !ok {
		return "", notFound("The resource that you specified for the SourceArn parameter doesn't exist.")
	}
	return name, x.authorize(x.iam, name)
}

func (x *exchange) listMessageMoveTasks() *fault {
	var from string
	most, given := 1, false
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "SourceArn":
			return x.in.str(&from)
		case "MaxResults":
			return x.in.integer(&most, &given)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	name, f := x.taskSource(from)
	if f != nil {
		return f
	}
	if most < 1 || most > tasksKept {
		return invalidParameter(most, "MaxResults", "Must be between 1 and 10, if provided.")
	}
	e := x.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.queues[name] == nil {
		return notFound("The resource that you specified for the SourceArn parameter doesn't exist.")
	}
	var of []*moveTask
	for _, t := range e.tasks {
		if t.Source == name {
			of = append(of, t)
		}
	}
	slices.Reverse(of)
	slices.SortStableFunc(of, func(a, b *moveTask) int { return cmp.Compare(b.Started, a.Started) })
	x.out = append(x.out, `{"Results":[`...)
	for i, t := range of[:min(most, len(of))] {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.appendTask(t)
	}
	x.out = append(x.out, ']', '}')
	return nil
}

func (x *exchange) appendTask(t *moveTask) {
	x.out = append(x.out, '{')
	// Only a running task can be cancelled, so only that tells its handle.
	if t.Status == taskRunning {
		x.out = append(x.out, `"TaskHandle":"`...)
		x.out = append(x.out, t.Handle...)
		x.out = append(x.out, `",`...)
	}
	x.out = append(x.out, `"Status":"`...)
	x.out = append(x.out, t.Status...)
	x.out = append(x.out, `","SourceArn":`...)
	x.out = appendString(x.out, x.e.arn(t.Source))
	if t.Destination != "" {
		x.out = append(x.out, `,"DestinationArn":`...)
		x.out = appendString(x.out, x.e.arn(t.Destination))
	}
	integer := func(key string, v int64) {
		x.out = append(x.out, `,"`...)
		x.out = append(x.out, key...)
		x.out = append(x.out, `":`...)
		x.out = strconv.AppendInt(x.out, v, 10)
	}
	if t.Rate > 0 {
		integer("MaxNumberOfMessagesPerSecond", int64(t.Rate))
	}
	integer("ApproximateNumberOfMessagesMoved", int64(t.Moved))
	integer("ApproximateNumberOfMessagesToMove", int64(t.ToMove))
	integer("StartedTimestamp", t.Started)
	if t.Failure != "" {
		x.out = append(x.out, `,"FailureReason":`...)
		x.out = appendString(x.out, t.Failure)
	}
	x.out = append(x.out, '}')
}

func (x *exchange) cancelMessageMoveTask() *fault {
	var handle string
	if f := x.decode(func(key []byte) error {
		if string(key) == "TaskHandle" {
			return x.in.str(&handle)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if handle == "" {
		return missing("TaskHandle")
	}
	e := x.e
	e.mu.Lock()
	i := slices.IndexFunc(e.tasks, func(t *moveTask) bool { return t.Handle == handle })
	source := ""
	if i >= 0 {
		source = e.tasks[i].Source
	}
	e.mu.Unlock()
	if f := x.authorize(x.iam, source); f != nil {
		return f
	}
	if i < 0 {
		return notFound("Task does not exist.")
	}
	e.mu.Lock()
	i = slices.IndexFunc(e.tasks, func(t *moveTask) bool { return t.Handle == handle })
	if i < 0 || e.tasks[i].Status != taskRunning {
		e.mu.Unlock()
		return unsupported("Only active tasks can be cancelled.")
	}
	t := e.tasks[i]
	t.Status = taskCancelled
	moved := t.Moved
	e.saveTask(t)
	t.poke()
	c := e.flush()
	e.mu.Unlock()
	if f := await(c); f != nil {
		return f
	}
	x.out = append(x.out, `{"ApproximateNumberOfMessagesMoved":`...)
	x.out = strconv.AppendInt(x.out, int64(moved), 10)
	x.out = append(x.out, '}')
	return nil
}
