package people

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/dynamo"
)

// Wipe deletes a page of the packs that stand under a key with a version below that of the tombstone, and tells how many there were and
// where to go on.
func (s Timeline) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	packs, next, err := dynamo.Stretch{Table: s.Table, PK: string(g.Key), After: after}.Page(ctx, s.DB)
	if err == nil {
		packs = dynamo.Only(packs, func(i dynamo.Item) bool { return packVersion(dynamo.TextOf(i, dynamo.AttrSK)) <= g.Version })
		err = dynamo.DeleteAll(ctx, s.DB, s.Table, packs)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the timeline of %s: %w", g.Key, err)
	}
	return len(packs), next, nil
}

// packVersion reads the version out of a pack's sort key; 0 where there is none.
func packVersion(sk string) int64 {
	_, rest, _ := strings.Cut(sk, "#")
	digits, _, _ := strings.Cut(rest, "#")
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}
