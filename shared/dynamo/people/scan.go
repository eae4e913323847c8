package people

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// ScanPage is what one page of a scan holds: profiles, and the ids of those that cannot be read, which are no reason to stop.
type ScanPage struct {
	Profiles   []*profile.Profile
	Unreadable []profile.ID
}

// ScanShard reads the profiles of one of the shards, page by page, until all are read or page returns an error. It starts at
// cursor, empty for the beginning, and answers the cursor behind the last page that was taken whole; "" means the end. Reads are
// eventually consistent.
func (s Profiles) ScanShard(ctx context.Context, shard, shards int, cursor string, page func(ScanPage) error) (next string, err error) {
	start, err := parseCursor(cursor)
	if err != nil {
		return cursor, fmt.Errorf("scanning profiles: %w", err)
	}
	var again []profile.Profile
	unpack := unpackProfile
	if s.Skim {
		unpack = skim
	}
	for {
		out, err := s.DB.Scan(ctx, &dynamodb.ScanInput{TableName: &s.Table, Segment: aws.Int32(int32(shard)), TotalSegments: aws.Int32(int32(shards)), ExclusiveStartKey: start,
			// Pointers and tombstones have no body. Who came back after an erasure has one, and is somebody like others.
			FilterExpression:          aws.String("attribute_exists(#b) AND #sk = :sk"),
			ExpressionAttributeNames:  map[string]string{"#b": dynamo.AttrBody, "#sk": dynamo.AttrSK},
			ExpressionAttributeValues: map[string]types.AttributeValue{":sk": dynamo.TextValue(key.Profile("").SK)}})
		if err != nil {
			return cursor, fmt.Errorf("scanning profiles: %w", err)
		}
		if !s.Skim || len(again) < len(out.Items) {
			again = make([]profile.Profile, len(out.Items))
		}
		found := ScanPage{Profiles: make([]*profile.Profile, 0, len(out.Items))}
		for i, item := range out.Items {
			one := &again[i]
			one.Reuse(profile.ID(strings.TrimPrefix(dynamo.TextOf(item, dynamo.AttrPK), key.Profile("").PK)))
			if err := readInto(one, item, unpack); err == nil {
				found.Profiles = append(found.Profiles, one)
			} else {
				found.Unreadable = append(found.Unreadable, one.ID)
			}
		}
		if err := page(found); err != nil {
			return cursor, err
		}
		if out.LastEvaluatedKey == nil {
			return "", nil
		}
		start = out.LastEvaluatedKey
		cursor = dynamo.TextOf(start, dynamo.AttrPK)
	}
}

// parseCursor makes a start key of a scan of profiles or orders out of its partition key; the sort key follows from it.
func parseCursor(cursor string) (map[string]types.AttributeValue, error) {
	switch {
	case cursor == "":
		return nil, nil
	case strings.HasPrefix(cursor, key.Profile("").PK):
		return dynamo.At(cursor, key.Profile("").SK).Item(), nil
	case strings.HasPrefix(cursor, key.Order("").PK):
		return dynamo.At(cursor, key.Order("").SK).Item(), nil
	}
	return nil, dynamo.ErrCursor
}
