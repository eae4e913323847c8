package sqs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// settings are a queue's attributes that can be set, as they are stored.
type settings struct {
	Visibility       int           `json:"visibility"`
	MaxBytes         int           `json:"maxBytes"`
	Retention        int           `json:"retention"`
	Delay            int           `json:"delay"`
	Wait             int           `json:"wait"`
	FIFO             bool          `json:"fifo,omitempty"`
	ContentDedup     bool          `json:"contentDedup,omitempty"`
	DedupPerGroup    bool          `json:"dedupPerGroup,omitempty"`
	LimitPerGroup    bool          `json:"limitPerGroup,omitempty"`
	ManagedEncrypted bool          `json:"managedEncrypted"`
	Redrive          *redrive      `json:"redrive,omitempty"`
	Allow            *redriveAllow `json:"allow,omitempty"`
}

var defaults = settings{Visibility: 30, MaxBytes: maxMessageBytes, Retention: 345_600, ManagedEncrypted: true}

// redrive is a RedrivePolicy; the target is kept by name, so that a store opened under another region still works.
type redrive struct {
	Target      string `json:"target"`
	MaxReceives int    `json:"maxReceives"`
}

// redriveAllow is a RedriveAllowPolicy.
type redriveAllow struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns,omitempty"`
}

func (a *redriveAllow) allows(arn string) bool {
	switch {
	case a == nil || a.Permission == "allowAll":
		return true
	case a.Permission == "byQueue":
		return slices.Contains(a.Sources, arn)
	}
	return false
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func checkName(name string, fifo bool) *fault {
	base := strings.TrimSuffix(name, ".fifo")
	switch {
	case len(name) > 80 || !queueName.MatchString(base):
		return invalidValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	case fifo && base == name:
		return invalidValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length")
	case !fifo && base != name:
		return invalidValue("The name of a standard queue can't end with .fifo: set the attribute FifoQueue to true for a FIFO queue")
	}
	return nil
}

// whole parses a number setting in its range.
func whole(name, value string, least, most int, to *int) *fault {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return faultf("InvalidAttributeValue", "", "Invalid value for the parameter %s: %q is not a number from %d to %d.", name, shorten(value), least, most)
	}
	*to = n
	return nil
}

func truth(name, value string, to *bool) *fault {
	switch value {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		return faultf("InvalidAttributeValue", "", "Invalid value for the parameter %s: %q is neither true nor false.", name, shorten(value))
	}
	return nil
}

func choice(name, value, no, yes string, to *bool) *fault {
	if value != no && value != yes {
		return faultf("InvalidAttributeValue", "", "Invalid value for the parameter %s: %q is neither %s nor %s.", name, shorten(value), no, yes)
	}
	*to = value == yes
	return nil
}
