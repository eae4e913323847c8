package policy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"*", "anything", true},
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "A", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"a*", "a", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbbcd", false},
		{"*a*b", "xxaxxaxb", true},
		{"*ab", "aab", true},
		{"arn:aws:dynamodb:r:1:table/T/index/*", "arn:aws:dynamodb:r:1:table/T/index/byDue", true},
		{"arn:aws:dynamodb:r:1:table/T/index/*", "arn:aws:dynamodb:r:1:table/T", false},
		{"arn:aws:dynamodb:r:1:table/T", "arn:aws:dynamodb:r:1:table/T2", false},
		{strings.Repeat("*a", 50), strings.Repeat("a", 10_000) + "b", false},
	} {
		if got := Match(c.pattern, c.text); got != c.want {
			t.Errorf("%.40q against %.40q: %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

func book() *Book {
	return NewBook(map[string][]Statement{
		"f": {
			{Effect: Allow, Actions: []string{"dynamodb:GetItem", "dynamodb:Put*"}, Resources: []string{"arn:T", "arn:T/index/*"}},
			{Effect: Allow, Actions: []string{"sqs:*"}, Resources: []string{"*"}},
			{Effect: Deny, Actions: []string{"sqs:PurgeQueue"}, Resources: []string{"*"}},
			{Effect: Allow, Actions: []string{"sqs:ReceiveMessage"}, Resources: []string{"arn:Q"}, Implied: true},
			{Effect: Allow, Actions: []string{"ssm:GetParameter"}, Resources: []string{"*"}},
		},
	})
}

func TestCheck(t *testing.T) {
	b := book()
	for _, c := range []struct {
		function, action, resource string
		allowed, explicit          bool
	}{
		{"f", "dynamodb:GetItem", "arn:T", true, false},
		{"f", "dynamodb:getitem", "arn:T", true, false},
		{"f", "dynamodb:GetItem", "arn:U", false, false},
		{"f", "dynamodb:GetItem", "arn:T/index/x", true, false},
		{"f", "dynamodb:PutItem", "arn:T", true, false},
		{"f", "dynamodb:DeleteItem", "arn:T", false, false},
		{"f", "sqs:SendMessage", "arn:Q", true, false},
		{"f", "sqs:PurgeQueue", "arn:Q", false, true},
		{"g", "dynamodb:GetItem", "arn:T", false, false},
	} {
		// Twice, since the second answer is remembered.
		for range 2 {
			err := b.Check(c.function, c.action, c.resource)
			var denied *Denied
			if c.allowed != (err == nil) || !c.allowed && (!errors.As(err, &denied) || denied.Explicit != c.explicit) {
				t.Errorf("%s %s on %s: %v, want allowed %v", c.function, c.action, c.resource, err, c.allowed)
			}
		}
	}
	want := "User: function/f is not authorized to perform: dynamodb:GetItem on resource: arn:U because no identity-based policy allows the dynamodb:GetItem action"
	if err := b.Check("f", "dynamodb:GetItem", "arn:U"); err.Error() != want {
		t.Errorf("it says %q, want %q", err, want)
	}
}

func TestUnused(t *testing.T) {
	b := book()
	all := []Grant{
		{"f", "dynamodb:GetItem", "arn:T"}, {"f", "dynamodb:GetItem", "arn:T/index/*"}, {"f", "dynamodb:Put*", "arn:T"}, {"f", "dynamodb:Put*", "arn:T/index/*"},
		{"f", "sqs:*", "*"},
	}
	if got := b.Unused("dynamodb", "sqs"); !reflect.DeepEqual(got, all) {
		t.Errorf("at first unused are %v, want %v", got, all)
	}
	// A refused call uses nothing; a wildcard is used by any call that it covers.
	_ = b.Check("f", "dynamodb:GetItem", "arn:U")
	_ = b.Check("f", "dynamodb:PutItem", "arn:T")
	_ = b.Check("f", "sqs:PurgeQueue", "arn:Q")
	if got, want := b.Unused("dynamodb", "sqs"), []Grant{all[0], all[1], all[3], all[4]}; !reflect.DeepEqual(got, want) {
		t.Errorf("then unused are %v, want %v", got, want)
	}
	_ = b.Check("f", "sqs:ReceiveMessage", "arn:Q")
	if got := b.Unused("sqs"); len(got) != 0 {
		t.Errorf("unused of sqs are %v, want none", got)
	}
}
