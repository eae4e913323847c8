package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/local"
)

var errShow = errors.New("show wants what and whose: make show ID=u-1001, make show WHAT=order ID=A-1, make show WHAT=timeline ID=u-1001 DAY=2026-11-29")

// show prints what stands in the tables under an id: at AWS_ENDPOINT_URL_DYNAMODB, in the stack that runs on the data folder, or in the folder itself.
func show(o local.Options, words []string, out io.Writer) error {
	if len(words) < 2 || !slices.Contains([]string{"profile", "order", "timeline"}, words[0]) || len(words) > 3 || words[1] == "" || len(words) == 3 && words[0] != "timeline" {
		return errShow
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	endpoint := o.DynamoDBEndpoint
	if addresses, err := local.ReadAddresses(o.DataDir); endpoint == "" && err == nil && answers(ctx, addresses) {
		endpoint = addresses.DynamoDB
	}
	o.StackName = cmp.Or(os.Getenv("STACK"), o.StackName)
	tables, err := local.OpenTables(o, endpoint)
	if err != nil {
		return err
	}
	items, err := look(ctx, tables, words)
	if err = errors.Join(err, tables.Close()); err != nil {
		return err
	}
	if len(items) == 0 {
		return fmt.Errorf("nothing stands under the %s %s in the tables of %s", words[0], words[1], tables.Where)
	}
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	if err := w.Encode(items); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	_, err = out.Write(text.Bytes())
	return err
}

func look(ctx context.Context, tables *local.Tables, words []string) ([]people.Shown, error) {
	profiles := people.Profiles{DB: tables.DB, Table: tables.Name("Profiles")}
	if words[0] == "order" {
		return people.Orders{DB: tables.DB, Table: tables.Name("Profiles")}.Show(ctx, words[1])
	}
	id, err := keyOf(words[1])
	if err != nil {
		return nil, err
	}
	if words[0] == "profile" {
		return profiles.Show(ctx, id)
	}
	var day *profile.Day
	if len(words) == 3 {
		of, err := profile.ParseDay(words[2])
		if err != nil {
			return nil, err
		}
		day = &of
	}
	person, err := profiles.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	return people.Timeline{DB: tables.DB, Table: tables.Name("Timeline")}.Show(ctx, person.Keys, day)
}

// keyOf reads an id as the API has it in a path: a userId, anonymous:<anonymousId> or profile:<profileId>.
func keyOf(text string) (profile.ID, error) {
	identifier := profile.Identifier{Kind: profile.UserID, Value: text}
	if id, is := strings.CutPrefix(text, "profile:"); is {
		if !profile.ID(id).Valid() {
			return "", fmt.Errorf("%s is no profileId", id)
		}
		return profile.ID(id), nil
	}
	if id, is := strings.CutPrefix(text, "anonymous:"); is {
		identifier = profile.Identifier{Kind: profile.AnonymousID, Value: id}
	}
	return identifier.ID(), nil
}
