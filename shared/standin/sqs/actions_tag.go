package sqs

import (
	"slices"
	"strings"
)

const maxTags = 50

func checkTags(tags map[string]string, more int) *fault {
	if len(tags)+more > maxTags {
		return invalidValue("Too many tags added for queue: at most %d.", maxTags)
	}
	for k, v := range tags {
		if len(k) < 1 || len(k) > 128 || len(v) > 256 || strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalidValue("Tag %q: a key has 1 to 128 characters and doesn't start with aws:, a value at most 256.", shorten(k))
		}
	}
	return nil
}

func (x *exchange) tagQueue() *fault {
	var url string
	var tags map[string]string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "Tags":
			return x.in.stringMap(&tags)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if len(tags) == 0 {
		return missing("Tags")
	}
	return x.change(url, func(q *queue) *fault {
		more := 0
		for k := range q.tags {
			if _, again := tags[k]; !again {
				more++
			}
		}
		if f := checkTags(tags, more); f != nil {
			return f
		}
		for k, v := range tags {
			q.tags[k] = v
		}
		return nil
	})
}

func (x *exchange) untagQueue() *fault {
	var url string
	var keys []string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "TagKeys":
			return x.in.strings(&keys)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if len(keys) == 0 {
		return missing("TagKeys")
	}
	return x.change(url, func(q *queue) *fault {
		for _, k := range keys {
			delete(q.tags, k)
		}
		return nil
	})
}

func (x *exchange) listQueueTags() *fault {
	url, f := x.onlyURL()
	if f != nil {
		return f
	}
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	q := x.e.queues[name]
	if q == nil {
		return noQueue()
	}
	if len(q.tags) == 0 {
		return nil
	}
	x.out = append(x.out, `{"Tags":{`...)
	keys := make([]string, 0, len(q.tags))
	for k := range q.tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.out = appendString(x.out, k)
		x.out = append(x.out, ':')
		x.out = appendString(x.out, q.tags[k])
	}
	x.out = append(x.out, '}', '}')
	return nil
}
