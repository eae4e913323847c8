package dynamo

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/domain/referral"
)

// Attributes of the Referrals table.
const (
	attrProgram    = "program"
	attrFriend     = "friend"
	attrAdvocate   = "advocate"
	attrCode       = "code"
	attrState      = "state"
	attrReason     = "reason"
	attrClaimedAt  = "claimedAt"
	attrOrder      = "order"
	attrLeast      = "least"
	attrQualified  = "qualifiedAt"
	attrHeldUntil  = "heldUntil"
	attrSettledAt  = "settledAt"
	attrSettledFor = "settledFor"
	attrEndedAt    = "endedAt"
	attrNth        = "nth"
	attrRewards    = "rewards"
	attrCharged    = "charged"
	attrSettled    = "settled"
	attrSpent      = "spent#" // and the unit
	attrStep       = "step"
	attrFlags      = "flags"
)

const (
	// maxGuards bounds how many other keys of one person a claim asks about; it leaves room within the 100 actions.
	maxGuards = 30
	// maxAncestors bounds how far back it is asked who invited whom.
	maxAncestors = 64
	// maxReferralPages bounds a reading of a friend's referrals or of a leaderboard's shard: 1 MB each.
	maxReferralPages = 32
)

// Referrals stores codes, who invited whom, what a program has spent and who stands where. Friends and advocates are filed under
// the profile id of the day; whoever reads asks for all keys of a person.
type Referrals struct {
	DB       API
	Table    string
	Profiles Profiles
	Ledger   Ledger
	Catalog  Catalog // where programs are defined
	Due      Due     // where the ends of windows and holds are filed
}

// Program reads the definition of a program past every cache, since a claim may be younger than one; nil when there is none.
func (s Referrals) Program(ctx context.Context, id string) (*referral.Program, error) {
	d, err := s.Catalog.Definition(ctx, KindProgram, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &referral.Program{}
	if err := json.Unmarshal(d.Body, p); err != nil {
		return nil, fmt.Errorf("reading program %s: %w", id, err)
	}
	p.ID = id
	return p, nil
}

// Person is somebody as the Referrals table may know them: the present profile with its version, and all their keys.
type Person struct {
	Profile *profile.Profile // Version 0 where there is none yet
	Keys    []profile.ID     // the present id first
}

// Person reads who an id stands for by now, consistently.
func (s Referrals) Person(ctx context.Context, id profile.ID) (Person, error) {
	p, err := s.Profiles.Load(ctx, id)
	if err != nil {
		return Person{}, err
	}
	keys := p.Keys()
	if !slices.Contains(keys, id) {
		keys = append(keys, id)
	}
	return Person{Profile: p, Keys: keys}, nil
}

// Identity is what the rules of a claim ask of the person.
func (p Person) Identity() referral.Person {
	trait := func(name string) string {
		s, _ := p.Profile.Traits[name].Value.(string)
		return s
	}
	return referral.Person{
		Keys: p.Keys, Email: trait("email"), Phone: trait("phone"), Orders: p.Profile.Orders.Count,
		Gone: !p.Profile.ErasedAt.IsZero() && len(p.Profile.Identifiers) == 0,
	}
}

// ErasedSince tells whether who stood under a key was erased at a time or later, whether or not they came back.
func (p Person) ErasedSince(key profile.ID, at time.Time) bool {
	return p.Profile.Erased(key, at)
}

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

// ErrAnswered says that the request's Idempotency-Key was answered before.
var ErrAnswered = errors.New("the Idempotency-Key was answered before")

// PutCode gives an advocate a code in a program, together with the answer that is remembered, if any. Giving the same code again
// changes nothing. ErrCodeTaken, ErrConflict (the pair has another code by now) or ErrAnswered say why it was not given.
func (s Referrals) PutCode(ctx context.Context, code, program string, advocate profile.ID, now time.Time, answer *Answer) error {
	same := func(i item) *types.Put {
		return &types.Put{
			TableName: &s.Table, Item: i,
			ConditionExpression:       aws.String("attribute_not_exists(#pk) OR (#advocate = :advocate AND #program = :program AND #code = :code)"),
			ExpressionAttributeNames:  map[string]string{"#pk": attrPK, "#advocate": attrAdvocate, "#program": attrProgram, "#code": attrCode},
			ExpressionAttributeValues: item{":advocate": textValue(string(advocate)), ":program": textValue(program), ":code": textValue(code)},
		}
	}
	var actions []types.TransactWriteItem
	for _, key := range []Key{codeKey(code), advocateCodeKey(advocate, program)} {
		i := key.item()
		i[attrProgram], i[attrAdvocate], i[attrCode] = textValue(program), textValue(string(advocate)), textValue(code)
		i[attrAt] = timeValue(now)
		actions = append(actions, types.TransactWriteItem{Put: same(i)})
	}
	if answer != nil {
		actions = append(actions, answer.put(s.Table))
	}
	_, err := s.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return nil
	}
	switch codes := cancellation(err); {
	case len(codes) > 2 && codes[2] == lostCondition:
		err = ErrAnswered
	case len(codes) > 1 && codes[1] == lostCondition:
		err = ErrConflict
	case len(codes) > 0 && codes[0] == lostCondition:
		err = ErrCodeTaken
	case conditionLost(err):
		err = ErrConflict
	}
	return fmt.Errorf("giving a code of %s: %w", program, err)
}

// Referral is one referral by its friend's filed id, read consistently. ErrNotFound if there is none.
func (s Referrals) Referral(ctx context.Context, friend profile.ID, program string) (referral.Referral, error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Table, Key: referralKey(friend, program).item(), ConsistentRead: aws.Bool(true),
	})
	if err == nil && len(out.Item) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return referral.Referral{}, fmt.Errorf("reading the referral of %s in %s: %w", friend, program, err)
	}
	return referralOf(out.Item)
}

// OfFriend reads a person's referrals as friend, in all programs, consistently.
func (s Referrals) OfFriend(ctx context.Context, keys []profile.ID) ([]referral.Referral, error) {
	var found []referral.Referral
	for _, id := range keys {
		err := s.query(ctx, referralKey(id, ""), func(i item) error {
			r, err := referralOf(i)
			found = append(found, r)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the referrals of %s: %w", id, err)
		}
	}
	return found, nil
}

// InProgram reads a person's referrals as friend in one program, consistently: one, or several after a merge, that which
// precedes the others first.
func (s Referrals) InProgram(ctx context.Context, keys []profile.ID, program string) ([]referral.Referral, error) {
	wanted := make([]Key, len(keys))
	for i, id := range keys {
		wanted[i] = referralKey(id, program)
	}
	items, err := s.batch(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("reading referrals in %s: %w", program, err)
	}
	found := make([]referral.Referral, len(items))
	for i := range items {
		if found[i], err = referralOf(items[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b referral.Referral) int {
		if a.Precedes(b) {
			return -1
		}
		return 1
	})
	return found, nil
}

// OfAdvocate reads a page of the referrals that a person made as advocate, by program and friend. An empty next says that this
// was the last page. A cursor that OfAdvocate did not give is ErrCursor.
func (s Referrals) OfAdvocate(ctx context.Context, keys []profile.ID, limit int, cursor string) (page []referral.Referral, next string, err error) {
	at, after := 0, ""
	if cursor != "" {
		b, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return nil, "", ErrCursor
		}
		id, sk, ok := strings.Cut(string(b), " ")
		if at = slices.Index(keys, profile.ID(id)); at < 0 || !ok || sk != "" && !strings.HasPrefix(sk, "r#") {
			return nil, "", ErrCursor
		}
		after = sk
	}
	limit = min(limit, 100) // what one batch may read
	var wanted []Key
	for ; at < len(keys) && len(wanted) < limit; at++ {
		in := s.under(Key{advocateCodeKey(keys[at], "").PK, "r#"})
		in.Limit = aws.Int32(int32(limit - len(wanted)))
		if after != "" {
			in.ExclusiveStartKey = Key{textOf(in.ExpressionAttributeValues, ":pk"), after}.item()
		}
		out, err := s.DB.Query(ctx, in)
		if err != nil {
			return nil, "", fmt.Errorf("reading the friends of %s: %w", keys[at], err)
		}
		for _, i := range out.Items {
			wanted = append(wanted, referralKey(profile.ID(textOf(i, attrFriend)), textOf(i, attrProgram)))
		}
		if after = textOf(out.LastEvaluatedKey, attrSK); after != "" {
			break
		}
	}
	if at < len(keys) {
		next = base64.RawURLEncoding.EncodeToString([]byte(string(keys[at]) + " " + after))
	}
	items, err := s.batch(ctx, wanted)
	if err != nil {
		return nil, "", fmt.Errorf("reading referrals: %w", err)
	}
	byKey := map[Key]item{}
	for _, i := range items {
		byKey[Key{textOf(i, attrPK), textOf(i, attrSK)}] = i
	}
	for _, key := range wanted {
		i, ok := byKey[key]
		if !ok {
			continue
		}
		r, err := referralOf(i)
		if err != nil {
			return nil, "", err
		}
		page = append(page, r)
	}
	return page, next, nil
}

// Ancestors are those through whom a person came into a program, nearest first, each as all their keys. origin is the first of
// them, or the person: who was invited by nobody. It is nil where merges have closed a circle, and beyond maxAncestors.
func (s Referrals) Ancestors(ctx context.Context, program string, of []profile.ID) (chain [][]profile.ID, origin []profile.ID, err error) {
	keys := of
	for range maxAncestors {
		found, err := s.InProgram(ctx, keys, program)
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			return chain, keys, nil
		}
		person, err := s.Person(ctx, found[0].Advocate)
		if err != nil {
			return nil, nil, err
		}
		known := func(of []profile.ID) bool { return slices.Contains(of, person.Keys[0]) }
		closed := known(of) || slices.ContainsFunc(chain, known)
		chain = append(chain, person.Keys)
		if closed {
			break
		}
		keys = person.Keys
	}
	return chain, nil, nil
}

// Claim binds a friend to an advocate.
type Claim struct {
	Referral referral.Referral
	Friend   Person
	Advocate Person
	// Origin is where the advocate's chain of invitations starts: while that one is not invited, no circle can close. nil when
	// the chain starts nowhere.
	Origin []profile.ID
	Answer *Answer // remembered with the claim; nil without an Idempotency-Key
}

// Claim writes a claim, all of it or nothing, if the code exists, the friend has no referral in the program under any key, the
// origin has none, the friend's profile is as it was read, and the advocate is the same person still. ErrConflict says that something
// moved and the rules are to be asked again; ErrAnswered that the answer's key was used.
func (s Referrals) Claim(ctx context.Context, c Claim) error {
	r := c.Referral
	listed := advocateReferralKey(r.Advocate, r.Program, r.Friend).item()
	listed[attrProgram], listed[attrFriend], listed[attrAt] = textValue(r.Program), textValue(string(r.Friend)), timeValue(r.ClaimedAt)
	actions := []types.TransactWriteItem{
		s.Due.put(OwnerSettlement, r.ExpiresAt, DueID(r), nil),
		{Put: &types.Put{
			TableName: &s.Table, Item: referralItem(r),
			ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: map[string]string{"#pk": attrPK},
		}},
		{Put: &types.Put{TableName: &s.Table, Item: listed}},
		{ConditionCheck: &types.ConditionCheck{
			TableName: &s.Table, Key: codeKey(r.Code).item(),
			ConditionExpression: aws.String("attribute_exists(#pk)"), ExpressionAttributeNames: map[string]string{"#pk": attrPK},
		}},
		s.Profiles.unchanged(c.Friend.Profile),
		s.Profiles.stillPerson(c.Advocate.Profile),
	}
	guarded := map[profile.ID]bool{r.Friend: true}
	for _, keys := range [][]profile.ID{c.Friend.Keys, c.Origin} {
		for _, id := range keys[:min(len(keys), maxGuards)] {
			if !guarded[id] {
				guarded[id] = true
				actions = append(actions, s.referralAt(id, r.Program, 0))
			}
		}
	}
	if c.Answer != nil {
		actions = append(actions, c.Answer.put(s.Table))
	}
	_, err := s.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	if err == nil {
		return nil
	}
	if codes := cancellation(err); c.Answer != nil && len(codes) > 0 && codes[len(codes)-1] == lostCondition {
		err = ErrAnswered
	} else if conditionLost(err) {
		err = ErrConflict
	}
	return fmt.Errorf("claiming a code of %s for %s: %w", r.Program, r.Friend, err)
}

// OwnerSettlement is whose the Due entries of referrals are.
const OwnerSettlement = "settlement"

// DueID names a referral in a Due entry: the program and the friend.
func DueID(r referral.Referral) string { return r.Program + "#" + string(r.Friend) }

// DueReferral is the referral that a Due entry names; ok is false when it names none.
func DueReferral(id string) (program string, friend profile.ID, ok bool) {
	program, text, ok := strings.Cut(id, "#")
	return program, profile.ID(text), ok
}

// referralAt holds while somebody's referral has a version; 0 is none.
func (s Referrals) referralAt(friend profile.ID, program string, version int64) types.TransactWriteItem {
	condition, names, values := versionCondition(version)
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &s.Table, Key: referralKey(friend, program).item(), ConditionExpression: &condition,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}

// Await files a look at a referral for a time.
func (s Referrals) Await(ctx context.Context, r referral.Referral, at time.Time) error {
	return s.Due.Put(ctx, OwnerSettlement, at, DueID(r), nil)
}

// Advance writes a referral whose move concerns nobody else's items, if it is still at its Version. ErrConflict says that it is
// not; any other error leaves open whether the write happened.
func (s Referrals) Advance(ctx context.Context, r referral.Referral) error {
	update, err := s.update(r)
	if err != nil {
		return err
	}
	_, err = s.DB.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: update.TableName, Key: update.Key, UpdateExpression: update.UpdateExpression, ConditionExpression: update.ConditionExpression,
		ExpressionAttributeNames: update.ExpressionAttributeNames, ExpressionAttributeValues: update.ExpressionAttributeValues,
	})
	if err != nil && conditionLost(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("moving the referral of %s in %s to %s: %w", r.Friend, r.Program, r.State, err)
	}
	return nil
}

// under asks for the items of a partition whose sort key begins with the key's.
func (s Referrals) under(key Key) *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName:                 &s.Table,
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK},
		ExpressionAttributeValues: item{":pk": textValue(key.PK)},
		ConsistentRead:            aws.Bool(true),
	}
	if key.SK != "" {
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :sk)")
		in.ExpressionAttributeNames["#sk"] = attrSK
		in.ExpressionAttributeValues[":sk"] = textValue(key.SK)
	}
	return in
}

func (s Referrals) query(ctx context.Context, key Key, each func(item) error) error {
	in := s.under(key)
	for range maxReferralPages {
		out, err := s.DB.Query(ctx, in)
		if err != nil {
			return err
		}
		for _, i := range out.Items {
			if err := each(i); err != nil {
				return err
			}
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return nil
		}
	}
	return fmt.Errorf("more than %d MB of items", maxReferralPages)
}

// batch reads items consistently, in no order; those that are not there are left out. Keys are distinct.
func (s Referrals) batch(ctx context.Context, keys []Key) ([]item, error) {
	var found []item
	for part := range slices.Chunk(keys, 100) {
		wanted := make([]item, len(part))
		for i, key := range part {
			wanted[i] = key.item()
		}
		request := map[string]types.KeysAndAttributes{s.Table: {Keys: wanted, ConsistentRead: aws.Bool(true)}}
		for try := 0; len(request) > 0; try++ {
			if try == maxSaveTries {
				return nil, errors.New("the table left keys unread too often")
			}
			out, err := s.DB.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: request})
			if err != nil {
				return nil, err
			}
			found = append(found, out.Responses[s.Table]...)
			request = out.UnprocessedKeys
		}
	}
	return found, nil
}

// referralItem is a referral as it is first written.
func referralItem(r referral.Referral) item {
	i := referralKey(r.Friend, r.Program).item()
	i[attrVersion] = numberValue(1)
	i[attrProgram], i[attrFriend], i[attrAdvocate] = textValue(r.Program), textValue(string(r.Friend)), textValue(string(r.Advocate))
	i[attrCode], i[attrState] = textValue(r.Code), textValue(string(r.State))
	i[attrClaimedAt], i[attrExpiresAt] = timeValue(r.ClaimedAt), timeValue(r.ExpiresAt)
	if len(r.Flags) > 0 {
		i[attrFlags] = flagsValue(r.Flags)
	}
	return i
}

func flagsValue(flags []referral.Flag) types.AttributeValue {
	texts := make([]string, len(flags))
	for i, flag := range flags {
		texts[i] = string(flag)
	}
	return textValue(strings.Join(texts, ","))
}

// update sets what moves change and nothing else, so that attributes of a newer version of the program stay.
func (s Referrals) update(r referral.Referral) (*types.Update, error) {
	rewards, err := json.Marshal(r.Rewards)
	if err != nil {
		return nil, fmt.Errorf("packing rewards: %w", err)
	}
	charged, err := json.Marshal(r.Charged)
	if err != nil {
		return nil, fmt.Errorf("packing rewards: %w", err)
	}
	names, values := map[string]string{"#v": attrVersion}, item{":v": numberValue(r.Version), ":one": numberValue(1)}
	sets := []string{"#v = #v + :one"}
	set := func(attribute string, v types.AttributeValue) {
		names["#"+attribute], values[":"+attribute] = attribute, v
		sets = append(sets, "#"+attribute+" = :"+attribute)
	}
	set(attrState, textValue(string(r.State)))
	set(attrReason, textValue(string(r.Reason)))
	for attribute, t := range map[string]time.Time{
		attrQualified: r.QualifiedAt, attrHeldUntil: r.HeldUntil, attrSettledAt: r.SettledAt, attrEndedAt: r.EndedAt,
	} {
		if t.IsZero() {
			set(attribute, textValue(""))
		} else {
			set(attribute, timeValue(t))
		}
	}
	set(attrOrder, textValue(r.OrderID))
	set(attrLeast, numberValue(r.Least))
	set(attrNth, numberValue(int64(r.Nth)))
	if r.Paid() {
		set(attrStep, numberValue(int64(r.Step)))
	}
	if len(r.Flags) > 0 {
		set(attrFlags, flagsValue(r.Flags))
	}
	set(attrSettledFor, textValue(string(r.SettledFor)))
	set(attrRewards, textValue(string(rewards)))
	set(attrCharged, textValue(string(charged)))
	return &types.Update{
		TableName: &s.Table, Key: referralKey(r.Friend, r.Program).item(),
		UpdateExpression: aws.String("SET " + strings.Join(sets, ", ")), ConditionExpression: aws.String("#v = :v"),
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}, nil
}

func referralOf(i item) (referral.Referral, error) {
	r := referral.Referral{
		Program: textOf(i, attrProgram), Friend: profile.ID(textOf(i, attrFriend)), Advocate: profile.ID(textOf(i, attrAdvocate)),
		Code: textOf(i, attrCode), Version: numberOf(i, attrVersion),
		State: referral.State(textOf(i, attrState)), Reason: referral.Reason(textOf(i, attrReason)),
		OrderID: textOf(i, attrOrder), Least: numberOf(i, attrLeast), Nth: int(numberOf(i, attrNth)),
		SettledFor: profile.ID(textOf(i, attrSettledFor)),
	}
	r.Step = r.Nth // the version before paid the step of that number
	if _, known := i[attrStep]; known {
		r.Step = int(numberOf(i, attrStep))
	}
	if text := textOf(i, attrFlags); text != "" {
		for flag := range strings.SplitSeq(text, ",") {
			r.Flags = append(r.Flags, referral.Flag(flag))
		}
	}
	var errs []error
	for attribute, t := range map[string]*time.Time{
		attrClaimedAt: &r.ClaimedAt, attrExpiresAt: &r.ExpiresAt, attrQualified: &r.QualifiedAt, attrHeldUntil: &r.HeldUntil,
		attrSettledAt: &r.SettledAt, attrEndedAt: &r.EndedAt,
	} {
		var err error
		*t, err = timeOf(i, attribute)
		errs = append(errs, err)
	}
	for attribute, v := range map[string]any{attrRewards: &r.Rewards, attrCharged: &r.Charged} {
		if text := textOf(i, attribute); text != "" {
			errs = append(errs, json.Unmarshal([]byte(text), v))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return r, fmt.Errorf("reading the referral of %s in %s: %w", r.Friend, r.Program, err)
	}
	return r, nil
}
