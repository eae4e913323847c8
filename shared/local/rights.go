package local

import (
	"fmt"
	"strings"

	"github.com/userops/userops/shared/standin/dynamodb"
	"github.com/userops/userops/shared/standin/policy"
	"github.com/userops/userops/shared/standin/s3"
	"github.com/userops/userops/shared/standin/sqs"
	"github.com/userops/userops/shared/standin/ssm"
)

func (s *Stack) authorizeTable(c dynamodb.Call) error {
	resource := "*"
	if c.Table != "" {
		resource = fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", s.tmpl.Region, s.tmpl.AccountID, c.Table)
	}
	if c.Index != "" {
		resource += "/index/" + c.Index
	}
	return s.authorize(c.AccessKeyID, "dynamodb:"+c.Action, resource)
}

func (s *Stack) authorizeQueue(c sqs.Call) error {
	resource := "*"
	if c.Queue != "" {
		resource = fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.tmpl.Region, s.tmpl.AccountID, c.Queue)
	}
	return s.authorize(c.AccessKeyID, "sqs:"+c.Action, resource)
}

func (s *Stack) authorizeObject(c s3.Call) error {
	resource := "arn:aws:s3:::" + c.Bucket
	if c.Action != "ListBucket" {
		resource += "/" + c.Key
	}
	return s.authorize(c.AccessKeyID, "s3:"+c.Action, resource)
}

func (s *Stack) authorizeParameter(c ssm.Call) error {
	return s.authorize(c.AccessKeyID, "ssm:"+c.Action, fmt.Sprintf("arn:aws:ssm:%s:%s:parameter/%s", s.tmpl.Region, s.tmpl.AccountID, strings.TrimPrefix(c.Name, "/")))
}

// authorize judges a call by the function whose key it carries. Anybody else is a developer at the machine and may do everything.
func (s *Stack) authorize(key, action, resource string) error {
	function, _, known, stale := s.host.Caller(key)
	switch {
	case known:
		return s.book.Check(function, action, resource)
	case stale:
		return &policy.Denied{Function: "of a process that has ended", Action: action, Resource: resource}
	}
	return nil
}
