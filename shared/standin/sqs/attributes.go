package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// set changes one attribute. create tells CreateQueue from SetQueueAttributes; self is the ARN of the queue.
// The caller holds the engine's lock.
func (s *settings) set(e *Engine, self, name, value string, create bool) *fault {
	switch name {
	case "VisibilityTimeout":
		return whole(name, value, 0, maxVisibility, &s.Visibility)
	case "MaximumMessageSize":
		return whole(name, value, 1024, maxMessageBytes, &s.MaxBytes)
	case "MessageRetentionPeriod":
		return whole(name, value, 60, 1_209_600, &s.Retention)
	case "DelaySeconds":
		return whole(name, value, 0, maxDelay, &s.Delay)
	case "ReceiveMessageWaitTimeSeconds":
		return whole(name, value, 0, maxWait, &s.Wait)
	case "SqsManagedSseEnabled":
		return truth(name, value, &s.ManagedEncrypted)
	case "FifoQueue":
		if value != "true" {
			return faultf("InvalidAttributeName", "", "Unknown Attribute FifoQueue: leave it out for a standard queue.")
		}
		if !create && !s.FIFO {
			return faultf("InvalidAttributeName", "", "FifoQueue can only be set when a queue is created.")
		}
		return nil
	case "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		if !s.FIFO {
			return faultf("InvalidAttributeName", "", "You can specify the %s only when FifoQueue is set to true.", name)
		}
		switch name {
		case "ContentBasedDeduplication":
			return truth(name, value, &s.ContentDedup)
		case "DeduplicationScope":
			return choice(name, value, "queue", "messageGroup", &s.DedupPerGroup)
		}
		return choice(name, value, "perQueue", "perMessageGroupId", &s.LimitPerGroup)
	case "RedrivePolicy":
		return s.setRedrive(e, self, value)
	case "RedriveAllowPolicy":
		return s.setAllow(e, value)
	case "Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds":
		if value == "" {
			return nil
		}
		return unsupported("This stand-in does not implement the queue attribute %s.", name)
	}
	return faultf("InvalidAttributeName", "", "Unknown Attribute %s.", shorten(name))
}

// setAll changes several attributes in a fixed order, so that the first fault is always the same.
func (s *settings) setAll(e *Engine, self string, attributes map[string]string, create bool) *fault {
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if f := s.set(e, self, name, attributes[name], create); f != nil {
			return f
		}
	}
	if s.LimitPerGroup && !s.DedupPerGroup {
		return faultf("InvalidAttributeValue", "", "The perMessageGroupId value of FifoThroughputLimit is allowed only when DeduplicationScope is messageGroup.")
	}
	return nil
}

func (s *settings) setRedrive(e *Engine, self, value string) *fault {
	if value == "" {
		s.Redrive = nil
		return nil
	}
	invalid := func(reason string) *fault { return invalidParameter(shorten(value), "RedrivePolicy", reason) }
	var p struct {
		Target string          `json:"deadLetterTargetArn"`
		Max    json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return invalid("Redrive policy is not a valid JSON map.")
	}
	if p.Target == "" || len(p.Max) == 0 {
		return invalid("Redrive policy must have deadLetterTargetArn and maxReceiveCount.")
	}
	// CloudFormation writes the number as a string.
	receives, err := strconv.Atoi(strings.Trim(string(p.Max), `"`))
	if err != nil || receives < 1 || receives > 1000 {
		return invalid("Invalid value for maxReceiveCount: must be between 1 and 1000, both inclusive.")
	}
	target := e.byARN(p.Target)
	switch {
	case target == nil:
		return invalid("Dead letter target does not exist.")
	case p.Target == self:
		return invalid("A queue can't be its own dead letter target.")
	case target.FIFO != s.FIFO:
		return invalid("Dead-letter queue must be same type of queue as the source.")
	case !target.Allow.allows(self):
		return invalid("Dead letter target does not allow this queue by its RedriveAllowPolicy.")
	}
	s.Redrive = &redrive{Target: target.name, MaxReceives: receives}
	return nil
}

func (s *settings) setAllow(e *Engine, value string) *fault {
	if value == "" {
		s.Allow = nil
		return nil
	}
	invalid := func(reason string) *fault { return invalidParameter(shorten(value), "RedriveAllowPolicy", reason) }
	var a redriveAllow
	if err := json.Unmarshal([]byte(value), &a); err != nil {
		return invalid("Redrive allow policy is not a valid JSON map.")
	}
	switch a.Permission {
	case "allowAll", "denyAll":
		if len(a.Sources) > 0 {
			return invalid("sourceQueueArns can be given only with the redrivePermission byQueue.")
		}
	case "byQueue":
		if len(a.Sources) < 1 || len(a.Sources) > 10 {
			return invalid("byQueue needs 1 to 10 sourceQueueArns.")
		}
		for _, arn := range a.Sources {
			if _, ok := e.nameOf(arn); !ok {
				return invalid("sourceQueueArns holds what is no ARN of a queue of this account and region.")
			}
		}
	default:
		return invalid("redrivePermission must be allowAll, denyAll or byQueue.")
	}
	s.Allow = &a
	return nil
}

// attributeNames are all names that GetQueueAttributes knows.
var attributeNames = []string{
	"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
	"ContentBasedDeduplication", "CreatedTimestamp", "DeduplicationScope", "DelaySeconds", "FifoQueue",
	"FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "LastModifiedTimestamp",
	"MaximumMessageSize", "MessageRetentionPeriod", "Policy", "QueueArn", "ReceiveMessageWaitTimeSeconds",
	"RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
}

// attribute is the value of an attribute, and whether the queue has it.
func (q *queue) attribute(e *Engine, name string) (string, bool) {
	pick := func(b bool, no, yes string) (string, bool) {
		if b {
			return yes, q.FIFO
		}
		return no, q.FIFO
	}
	switch name {
	case "ApproximateNumberOfMessages":
		return strconv.Itoa(q.counts[ready]), true
	case "ApproximateNumberOfMessagesDelayed":
		return strconv.Itoa(q.counts[delayed]), true
	case "ApproximateNumberOfMessagesNotVisible":
		return strconv.Itoa(q.counts[inFlight]), true
	case "CreatedTimestamp":
		return strconv.FormatInt(q.created, 10), true
	case "LastModifiedTimestamp":
		return strconv.FormatInt(q.modified, 10), true
	case "DelaySeconds":
		return strconv.Itoa(q.Delay), true
	case "MaximumMessageSize":
		return strconv.Itoa(q.MaxBytes), true
	case "MessageRetentionPeriod":
		return strconv.Itoa(q.Retention), true
	case "ReceiveMessageWaitTimeSeconds":
		return strconv.Itoa(q.Wait), true
	case "VisibilityTimeout":
		return strconv.Itoa(q.Visibility), true
	case "QueueArn":
		return e.arn(q.name), true
	case "SqsManagedSseEnabled":
		return strconv.FormatBool(q.ManagedEncrypted), true
	case "FifoQueue":
		return pick(q.FIFO, "false", "true")
	case "ContentBasedDeduplication":
		return pick(q.ContentDedup, "false", "true")
	case "DeduplicationScope":
		return pick(q.DedupPerGroup, "queue", "messageGroup")
	case "FifoThroughputLimit":
		return pick(q.LimitPerGroup, "perQueue", "perMessageGroupId")
	case "RedrivePolicy":
		if q.Redrive == nil {
			return "", false
		}
		return `{"deadLetterTargetArn":"` + e.arn(q.Redrive.Target) + `","maxReceiveCount":` + strconv.Itoa(q.Redrive.MaxReceives) + `}`, true
	case "RedriveAllowPolicy":
		if q.Allow == nil {
			return "", false
		}
		b, err := json.Marshal(q.Allow)
		return string(b), err == nil
	}
	return "", false
}
