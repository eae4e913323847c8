package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/idempotency"
)

// CodeOwner is whose code it is. ErrNotFound if nobody has it.
func (s Referrals) CodeOwner(ctx context.Context, code string) (program string, advocate profile.ID, err error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: codeKey(code).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", "", fmt.Errorf("reading a code: %w", err)
	}
	if len(out.Item) == 0 {
		return "", "", fmt.Errorf("reading a code: %w", ErrNotFound)
	}
	return textOf(out.Item, attrProgram), profile.ID(textOf(out.Item, attrAdvocate)), nil
}

// CodeOf is the code that a person has in a program, the oldest where a merge left several. ErrNotFound if there is none.
func (s Referrals) CodeOf(ctx context.Context, keys []profile.ID, program string) (string, error) {
	wanted := make([]Key, len(keys))
	for i, id := range keys {
		wanted[i] = advocateCodeKey(id, program)
	}
	items, err := s.batch(ctx, wanted)
	if err != nil {
		return "", fmt.Errorf("reading codes: %w", err)
	}
	if len(items) == 0 {
		return "", fmt.Errorf("reading codes: %w", ErrNotFound)
	}
	oldest := slices.MinFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(textOf(a, attrAt), textOf(b, attrAt)), cmp.Compare(textOf(a, attrCode), textOf(b, attrCode)))
	})
	return textOf(oldest, attrCode), nil
}

// ErrCodeTaken says that another pair has the code.
var ErrCodeTaken = errors.New("the code is another pair's")

// errOtherCode is the conflict of a pair that has another code by now.
var errOtherCode = fmt.Errorf("%w: the pair has another code", ErrConflict)

// PutCode gives an advocate a code in a program, together with the answer that is remembered, if any. Giving the same code again
// changes nothing. ErrCodeTaken, ErrConflict (the pair has another code by now) or idempotency.ErrAnswered say why it was not given.
func (s Referrals) PutCode(ctx context.Context, code, program string, advocate profile.ID, now time.Time, answer *idempotency.Answer) error {
	same := condition{
		text:   "attribute_not_exists(#pk) OR (#advocate = :advocate AND #program = :program AND #code = :code)",
		names:  map[string]string{"#pk": attrPK, "#advocate": attrAdvocate, "#program": attrProgram, "#code": attrCode},
		values: item{":advocate": textValue(string(advocate)), ":program": textValue(program), ":code": textValue(code)},
	}
	given := func(k Key) write {
		i := k.item()
		i[attrProgram], i[attrAdvocate], i[attrCode] = textValue(program), textValue(string(advocate)), textValue(code)
		i[attrAt] = timeValue(now)
		return put(s.Table, i, same)
	}
	writes := []write{given(codeKey(code)).or(ErrCodeTaken), given(advocateCodeKey(advocate, program)).or(errOtherCode)}
	if answer != nil {
		writes = append(writes, putAnswer(s.Table, *answer))
	}
	if err := do(ctx, s.DB, writes...); err != nil {
		return fmt.Errorf("giving a code of %s: %w", program, err)
	}
	return nil
}

// Code is a code that a person gives to friends.
type Code struct {
	Program string    `json:"programId"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// CodesOf are all codes of a person.
func (s Referrals) CodesOf(ctx context.Context, keys []profile.ID) ([]Code, error) {
	codes := []Code{}
	for _, id := range keys {
		prefix := advocateCodeKey(id, "")
		err := s.query(ctx, prefix, func(i item) error {
			at, err := timeOf(i, attrAt)
			codes = append(codes, Code{Program: textOf(i, attrProgram), Code: textOf(i, attrCode), At: at})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the codes of %s: %w", id, err)
		}
	}
	return codes, nil
}
