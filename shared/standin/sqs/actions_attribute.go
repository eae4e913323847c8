package sqs

import (
	"slices"
)

func (x *exchange) getQueueAttributes() *fault {
	var url string
	var names []string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "AttributeNames":
			return x.in.strings(&names)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	if slices.Contains(names, "All") {
		names = attributeNames
	}
	for _, n := range names {
		if !slices.Contains(attributeNames, n) {
			return faultf("InvalidAttributeName", "", "Unknown Attribute %s.", shorten(n))
		}
	}
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	q := x.e.queues[name]
	if q == nil {
		return noQueue()
	}
	x.e.dispatch(q)
	x.out = append(x.out, '{')
	n := 0
	for i, attribute := range names {
		v, ok := q.attribute(x.e, attribute)
		if !ok || slices.Contains(names[:i], attribute) {
			continue
		}
		if n == 0 {
			x.out = append(x.out, `"Attributes":{`...)
		} else {
			x.out = append(x.out, ',')
		}
		n++
		x.out = appendString(x.out, attribute)
		x.out = append(x.out, ':')
		x.out = appendString(x.out, v)
	}
	if n > 0 {
		x.out = append(x.out, '}')
	}
	x.out = append(x.out, '}')
	return nil
}

// change runs an operation that rewrites a queue's record.
func (x *exchange) change(url string, do func(*queue) *fault) *fault {
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	e := x.e
	c, f := func() (*commit, *fault) {
		e.mu.Lock()
		defer e.mu.Unlock()
		q := e.queues[name]
		if q == nil {
			return nil, noQueue()
		}
		if f := do(q); f != nil {
			return nil, f
		}
		e.save(q)
		return e.flush(), nil
	}()
	if f != nil {
		return f
	}
	return await(c)
}

func (x *exchange) setQueueAttributes() *fault {
	var url string
	var attributes map[string]string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "Attributes":
			return x.in.stringMap(&attributes)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if attributes == nil {
		return missing("Attributes")
	}
	return x.change(url, func(q *queue) *fault {
		s := q.settings
		if f := s.setAll(x.e, x.e.arn(q.name), attributes, false); f != nil {
			return f
		}
		q.settings = s
		q.modified = x.now.Unix()
		return nil
	})
}
