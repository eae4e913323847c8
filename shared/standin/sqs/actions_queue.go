package sqs

import (
	"slices"
	"strings"
	"time"
)

func (x *exchange) createQueue() *fault {
	var name string
	var attributes, tags map[string]string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueName":
			return x.in.str(&name)
		case "Attributes":
			return x.in.stringMap(&attributes)
		case "tags":
			return x.in.stringMap(&tags)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if name == "" {
		return missing("QueueName")
	}
	if f := x.authorize(x.iam, name); f != nil {
		return f
	}
	if len(tags) > 0 {
		if f := x.authorize("TagQueue", name); f != nil {
			return f
		}
	}
	c, f := x.e.create(x, name, attributes, tags)
	if f != nil {
		return f
	}
	if f := await(c); f != nil {
		return f
	}
	x.out = append(x.out, `{"QueueUrl":`...)
	x.appendURL(name)
	x.out = append(x.out, '}')
	return nil
}

func (e *Engine) create(x *exchange, name string, attributes, tags map[string]string) (*commit, *fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, fifo := attributes["FifoQueue"]
	fifo = fifo && attributes["FifoQueue"] == "true"
	if f := checkName(name, fifo); f != nil {
		return nil, f
	}
	if f := checkTags(tags, 0); f != nil {
		return nil, f
	}
	s := defaults
	s.FIFO = fifo
	if q := e.queues[name]; q != nil {
		s = q.settings
	}
	if f := s.setAll(e, e.arn(name), attributes, true); f != nil {
		return nil, f
	}
	if q := e.queues[name]; q != nil {
		wanted := queue{name: name, settings: s}
		for _, attribute := range attributeNames {
			if _, given := attributes[attribute]; !given {
				continue
			}
			want, _ := wanted.attribute(e, attribute)
			if have, _ := q.attribute(e, attribute); have != want {
				return nil, faultf("QueueNameExists", "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute %s", attribute)
			}
		}
		return nil, nil
	}
	if at, ok := e.deletedAt[name]; ok && x.now.Sub(at) < recreateInterval {
		return nil, faultf("QueueDeletedRecently", legacy+"QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	delete(e.deletedAt, name)
	q := newQueue(e.nextQueue, name)
	e.nextQueue++
	q.settings = s
	if tags != nil {
		q.tags = tags
	}
	q.created, q.modified = x.now.Unix(), x.now.Unix()
	e.queues[name] = q
	e.save(q)
	return e.flush(), nil
}

func (x *exchange) getQueueURL() *fault {
	var name, owner string
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueName":
			return x.in.str(&name)
		case "QueueOwnerAWSAccountId":
			return x.in.str(&owner)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if name == "" {
		return missing("QueueName")
	}
	if f := x.authorize(x.iam, name); f != nil {
		return f
	}
	x.e.mu.Lock()
	q := x.e.queues[name]
	x.e.mu.Unlock()
	if q == nil || owner != "" && owner != x.e.options.AccountID {
		return noQueue()
	}
	x.out = append(x.out, `{"QueueUrl":`...)
	x.appendURL(name)
	x.out = append(x.out, '}')
	return nil
}

func (x *exchange) listQueues() *fault {
	var prefix, token string
	var most int
	var paged bool
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueNamePrefix":
			return x.in.str(&prefix)
		case "NextToken":
			return x.in.str(&token)
		case "MaxResults":
			return x.in.integer(&most, &paged)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if f := x.authorize(x.iam, ""); f != nil {
		return f
	}
	x.e.mu.Lock()
	var names []string
	for name := range x.e.queues {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	x.e.mu.Unlock()
	return x.page(names, "QueueUrls", token, most, paged)
}

func (x *exchange) listDeadLetterSourceQueues() *fault {
	var url, token string
	var most int
	var paged bool
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "NextToken":
			return x.in.str(&token)
		case "MaxResults":
			return x.in.integer(&most, &paged)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	target, f := x.queueAt(url)
	if f != nil {
		return f
	}
	x.e.mu.Lock()
	exists := x.e.queues[target] != nil
	names := x.e.sourcesOf(target)
	x.e.mu.Unlock()
	if !exists {
		return noQueue()
	}
	return x.page(names, "queueUrls", token, most, paged)
}

// page answers a list of queues, at most 1,000; the token is the last name of the page before.
func (x *exchange) page(names []string, member, token string, most int, paged bool) *fault {
	if !paged {
		if token != "" {
			return missing("MaxResults")
		}
		most = 1000
	}
	if most < 1 || most > 1000 {
		return invalidParameter(most, "MaxResults", "Must be between 1 and 1000, if provided.")
	}
	slices.Sort(names)
	if token != "" {
		at, found := slices.BinarySearch(names, token)
		if found {
			at++
		}
		names = names[at:]
	}
	more := len(names) > most
	if more {
		names = names[:most]
	}
	x.out = append(x.out, `{"`...)
	x.out = append(x.out, member...)
	x.out = append(x.out, `":[`...)
	for i, name := range names {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.appendURL(name)
	}
	x.out = append(x.out, ']')
	// Without MaxResults the service gives no token.
	if more && paged {
		x.out = append(x.out, `,"NextToken":`...)
		x.out = appendString(x.out, names[len(names)-1])
	}
	x.out = append(x.out, '}')
	return nil
}

func (x *exchange) deleteQueue() *fault {
	url, f := x.onlyURL()
	if f != nil {
		return f
	}
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	e := x.e
	c := func() *commit {
		e.mu.Lock()
		defer e.mu.Unlock()
		q := e.queues[name]
		if q == nil {
			return nil
		}
		e.drop(q, x.now)
		return e.flush()
	}()
	if c == nil {
		return noQueue()
	}
	return await(c)
}

// drop deletes a queue and ends its long polls.
func (e *Engine) drop(q *queue, now time.Time) {
	delete(e.queues, q.name)
	q.deleted = true
	q.disarm()
	for _, w := range q.waiters {
		w.result <- delivery{fault: noQueue()}
	}
	q.waiters = nil
	for name, at := range e.deletedAt {
		if now.Sub(at) >= recreateInterval {
			delete(e.deletedAt, name)
		}
	}
	e.deletedAt[q.name] = now
	e.add(op{kind: opDrop, queue: q.id})
}

func (x *exchange) purgeQueue() *fault {
	url, f := x.onlyURL()
	if f != nil {
		return f
	}
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
		if !q.purgedAt.IsZero() && x.now.Sub(q.purgedAt) < purgeInterval {
			f := faultf("PurgeQueueInProgress", legacy+"PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", name)
			f.status = 403
			return nil, f
		}
		q.purge(x.now)
		e.add(op{kind: opPurge, queue: q.id})
		return e.flush(), nil
	}()
	if f != nil {
		return f
	}
	return await(c)
}
