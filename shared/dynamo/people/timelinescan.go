package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// StoredPack is a pack as the timeline has it. EventsOf reads its body.
type StoredPack struct {
	Profile profile.ID
	Day     profile.Day
	Body    []byte
}

// Place is behind which item of the timeline a scan goes on; the zero Place is the beginning.
type Place struct {
	PK string `json:"pk,omitempty"`
	SK string `json:"sk,omitempty"`
}

// Scan reads a page of all packs, of everybody, and where the next begins; the zero Place means the end. It is for who fills another store from the timeline. Reads are eventually consistent.
func (s Timeline) Scan(ctx context.Context, from Place) (packs []StoredPack, next Place, err error) {
	in := &dynamodb.ScanInput{TableName: &s.Table}
	if from != (Place{}) {
		in.ExclusiveStartKey = dynamo.At(from.PK, from.SK).Item()
	}
	out, err := s.DB.Scan(ctx, in)
	if err != nil {
		return nil, from, fmt.Errorf("scanning the timeline: %w", err)
	}
	for _, i := range out.Items {
		date, _, _ := strings.Cut(dynamo.TextOf(i, dynamo.AttrSK), "#")
		day, err := time.Parse("20060102", date)
		if err != nil || s.expired(i) {
			continue // what is no pack, or over and not deleted yet
		}
		packs = append(packs, StoredPack{Profile: profile.ID(dynamo.TextOf(i, dynamo.AttrPK)), Day: profile.DayOf(day), Body: dynamo.BytesOf(i, dynamo.AttrBody)})
	}
	if out.LastEvaluatedKey != nil {
		next = Place{PK: dynamo.TextOf(out.LastEvaluatedKey, dynamo.AttrPK), SK: dynamo.TextOf(out.LastEvaluatedKey, dynamo.AttrSK)}
	}
	return packs, next, nil
}
