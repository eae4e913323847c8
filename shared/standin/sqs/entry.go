package sqs

import (
	"crypto/md5"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// entry is one message of a send, as it came and as it was stored.
type entry struct {
	id                 []byte // of a batch
	body, group, dedup []byte
	delay              int
	delayed            bool
	attributes         []attribute
	trace              []byte
	hasGroup, hasDedup bool
	content            content
	fault              *fault
	message            messageID
	seq                uint64
	size               int
	systemMD5          [16]byte
}

// member reads one member of an entry and tells whether it knew it.
func (n *entry) member(d *decoder, key []byte) (bool, error) {
	switch string(key) {
	case "Id":
		return true, d.bytes(&n.id)
	case "MessageBody":
		return true, d.bytes(&n.body)
	case "DelaySeconds":
		return true, d.integer(&n.delay, &n.delayed)
	case "MessageGroupId":
		n.hasGroup = d.next() == '"'
		return true, d.bytes(&n.group)
	case "MessageDeduplicationId":
		n.hasDedup = d.next() == '"'
		return true, d.bytes(&n.dedup)
	case "MessageAttributes":
		var f *fault
		err := d.attributes(&n.attributes, &f)
		n.fail(f)
		return true, err
	case "MessageSystemAttributes":
		return true, n.system(d)
	}
	return false, nil
}

func (n *entry) fail(f *fault) {
	if n.fault == nil {
		n.fault = f
	}
}

func (n *entry) batchID() []byte { return n.id }

func (n *entry) failed() *fault { return n.fault }

func (n *entry) system(d *decoder) error {
	var all []attribute
	var f *fault
	if err := d.attributes(&all, &f); err != nil {
		return err
	}
	n.fail(f)
	for _, a := range all {
		if a.name != "AWSTraceHeader" || a.dataType != "String" {
			n.fail(invalidValue("The message system attribute %q is not AWSTraceHeader of type String.", shorten(a.name)))
			continue
		}
		n.trace = a.value
		n.systemMD5 = attributesMD5(all)
	}
	return nil
}

// attributes reads an object of attribute values. What is wrong with them goes to f: in a batch it fails the entry
// alone.
func (d *decoder) attributes(to *[]attribute, f **fault) error {
	fail := func(format string, args ...any) {
		if *f == nil {
			*f = invalidValue(format, args...)
		}
	}
	return d.object(func(key []byte) error {
		a := attribute{name: string(key)}
		var text, encoded []byte
		lists := false
		if err := d.object(func(key []byte) error {
			switch string(key) {
			case "DataType":
				return d.str(&a.dataType)
			case "StringValue":
				return d.bytes(&text)
			case "BinaryValue":
				return d.bytes(&encoded)
			case "StringListValues", "BinaryListValues":
				return d.array(func() error { lists = true; return d.skip() })
			}
			return d.skip()
		}); err != nil {
			return err
		}
		name := shorten(a.name)
		base, _, _ := strings.Cut(a.dataType, ".")
		switch {
		case lists:
			fail("Message attribute list values in SendMessage operation are not supported.")
		case a.dataType == "":
			fail("The message attribute '%s' must contain a non-empty message attribute type.", name)
		case base != "String" && base != "Number" && base != "Binary":
			fail("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
		case len(a.dataType) > 256:
			fail("The message attribute '%s' has a type longer than 256 bytes.", name)
		case base == "Binary" && len(encoded) == 0 || base != "Binary" && len(text) == 0:
			fail("The message attribute '%s' must contain a non-empty message attribute value for message attribute type '%s'.", name, shorten(a.dataType))
		case len(encoded) > 0 && len(text) > 0:
			fail("The message attribute '%s' has more than one value.", name)
		case !goodAttributeName(a.name):
			fail("The message attribute name '%s' is invalid: up to 256 letters, digits, underscores, hyphens and single periods inside it, not starting with AWS. or Amazon.", name)
		case base == "Number" && !goodNumber(text):
			fail("Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
		a.value = text
		if base == "Binary" {
			a.binary = true
			raw := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
			n, err := base64.StdEncoding.Decode(raw, encoded)
			if err != nil {
				return malformed("The BinaryValue of message attribute %q is not base64.", name)
			}
			a.value = raw[:n]
		} else if f := checkText(text); f != nil {
			fail("The message attribute '%s' holds an invalid character.", name)
		}
		*to = append(*to, a)
		return nil
	})
}

var attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func goodAttributeName(name string) bool {
	lower := strings.ToLower(name)
	return len(name) <= 256 && attributeName.MatchString(name) && !strings.HasPrefix(lower, "aws.") && !strings.HasPrefix(lower, "amazon.")
}

var number = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

func goodNumber(b []byte) bool { return len(b) <= 256 && number.Match(b) }

// checkText finds what SQS refuses in a body: the characters that XML 1.0 has no place for.
func checkText(b []byte) *fault {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c >= 0x20 && c < utf8.RuneSelf, c == '\t', c == '\n', c == '\r':
			i++
			continue
		case c < 0x20:
			return faultf("InvalidMessageContents", "", "Invalid character '#x%X' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]", c)
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == 0xFFFE || r == 0xFFFF {
			return faultf("InvalidMessageContents", "", "Invalid character '#x%X' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]", r)
		}
		i += n
	}
	return nil
}

// prepare checks what does not depend on the queue and computes the digests, outside of the engine's lock.
func (n *entry) prepare(sender []byte) {
	if len(n.body) == 0 {
		n.fail(missing("MessageBody"))
	}
	n.fail(checkText(n.body))
	if n.delayed && (n.delay < 0 || n.delay > maxDelay) {
		n.fail(invalidParameter(n.delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."))
	}
	if len(n.attributes) > maxAttributes {
		n.fail(invalidValue("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(n.attributes), maxAttributes))
	}
	if n.hasGroup && !goodToken(n.group) {
		n.fail(invalidParameter(shorten(string(n.group)), "MessageGroupId", "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."))
	}
	if n.hasDedup && !goodToken(n.dedup) {
		n.fail(invalidParameter(shorten(string(n.dedup)), "MessageDeduplicationId", "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length."))
	}
	slices.SortFunc(n.attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(n.attributes); i++ {
		if n.attributes[i].name == n.attributes[i-1].name {
			n.fail(invalidValue("The message attribute '%s' is given twice.", shorten(n.attributes[i].name)))
		}
	}
	n.content = content{bodyMD5: md5.Sum(n.body), sender: sender, group: n.group, dedup: n.dedup, trace: n.trace, attributes: n.attributes, body: n.body}
	if len(n.attributes) > 0 {
		n.content.attributeMD5 = attributesMD5(n.attributes)
	}
	n.size = n.content.size()
}

// goodToken tells whether b may name a message group or a deduplication id.
func goodToken(b []byte) bool {
	if len(b) < 1 || len(b) > 128 {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// fit checks an entry against its queue.
func (n *entry) fit(q *queue) *fault {
	switch {
	case n.fault != nil:
		return n.fault
	case n.size > q.MaxBytes:
		return invalidValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.MaxBytes)
	case !q.FIFO && n.hasDedup:
		return invalidParameter(shorten(string(n.dedup)), "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
	case q.FIFO && !n.hasGroup:
		return missing("MessageGroupId")
	case q.FIFO && n.delayed && n.delay > 0:
		return invalidParameter(n.delay, "DelaySeconds", "The request includes a parameter that is not valid for this queue type.")
	case q.FIFO && !n.hasDedup && !q.ContentDedup:
		return invalidValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}
