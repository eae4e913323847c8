// Command export writes days of the archive as files for readers that are not ours: `make export DAY= FORMAT=`. It only reads the archive. The surprising thing: it asks no function and no table, so that
// it works on any machine that may read the bucket.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/export"
	"github.com/userops/userops/shared/local"
)

const help = `export writes days of the archive as files that DuckDB, Athena and Spark read (docs/export.md). For example:

  make export DAY=2026-11-21
  make export FROM=2026-11-01 TO=2026-11-30 FORMAT=ndjson OUT=/tmp/events
  make export DAY=2026-11-21 BUCKET=shop-archivebucket-1a2b AWS_PROFILE=shop AWS_REGION=eu-central-1

Without BUCKET it is the archive of the stack that runs on the data folder. From the environment:

  DAY, or FROM and TO   the shop's days, such as 2026-11-21; both ends are written
  FORMAT                parquet (which it is without) or ndjson
  OUT                   the folder that gets a folder a day (export/parquet, export/ndjson)
  OPEN                  1: also days that are not closed yet
  CURRENCY              of amounts that name none, as the shop's parameter ShopCurrency says (CNY)
  BUCKET                a bucket on AWS (output ArchiveBucketName), reached by AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3 and whatever else the AWS CLI takes
  DATA, STACK           the data folder of a local stack (.userops), and what precedes the names of its resources (userops)
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "export: "+strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err := fmt.Fprint(out, help)
		return err
	case err != nil:
		return fmt.Errorf("%w; export -h tells what it takes", err)
	case flags.NArg() > 0:
		return fmt.Errorf("it takes no argument, and got %q; export -h tells what it takes", flags.Arg(0))
	}
	w, err := asked()
	if err != nil {
		return err
	}
	objects, where, err := connect(ctx)
	if err != nil {
		return err
	}
	source, err := export.Open(ctx, objects)
	if err != nil {
		return fmt.Errorf("reading the archive in %s: %w", where, err)
	}
	return w.write(ctx, source, where, out)
}

// wish is what is asked for.
type wish struct {
	from, to profile.Day
	target   export.Target
	open     bool
}

func asked() (w wish, err error) {
	one, from, to := os.Getenv("DAY"), os.Getenv("FROM"), os.Getenv("TO")
	switch {
	case one == "" && from == "" && to == "":
		return w, errors.New("no day is named: make export DAY=2026-11-21, or FROM=2026-11-01 TO=2026-11-30")
	case one != "" && (from != "" || to != ""):
		return w, errors.New("either DAY or FROM and TO name the days, not both")
	case one != "":
		from, to = one, one
	case from == "" || to == "":
		return w, errors.New("FROM and TO are named together")
	}
	if w.from, err = profile.ParseDay(from); err != nil {
		return w, err
	}
	if w.to, err = profile.ParseDay(to); err != nil {
		return w, err
	}
	if w.to < w.from {
		return w, fmt.Errorf("TO, %s, is before FROM, %s", to, from)
	}
	if w.target.Format, err = export.ParseFormat(cmp.Or(os.Getenv("FORMAT"), string(export.Parquet))); err != nil {
		return w, fmt.Errorf("FORMAT: %w", err)
	}
	code := cmp.Or(os.Getenv("CURRENCY"), "CNY")
	if w.target.Currency, err = money.ParseCurrency(code); err != nil || !w.target.Currency.Known() {
		return w, fmt.Errorf("CURRENCY, %q, %w", code, money.ErrUnknownCurrency)
	}
	w.target.Folder = cmp.Or(os.Getenv("OUT"), filepath.Join("export", string(w.target.Format)))
	w.open = os.Getenv("OPEN") != "" && os.Getenv("OPEN") != "0"
	return w, nil
}

// connect finds the archive's bucket: the one that is named, or that of the stack which runs on the data folder.
func connect(ctx context.Context) (objects archive.Reader, where string, err error) {
	if name := os.Getenv("BUCKET"); name != "" {
		settings, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, "", fmt.Errorf("reading the settings of AWS: %w", err)
		}
		if settings.Region == "" {
			return nil, "", errors.New("no region is named: AWS_REGION, or a profile that has one by AWS_PROFILE")
		}
		return bucket.Bucket{Client: bucket.NewClient(settings), Name: name}, "the bucket " + name, nil
	}
	folder := cmp.Or(os.Getenv("DATA"), ".userops")
	at, err := local.ReadAddresses(folder)
	if err != nil {
		return nil, "", fmt.Errorf("%w, or name a bucket on AWS with BUCKET=", err)
	}
	settings := aws.Config{Region: "us-east-1", BaseEndpoint: &at.S3, Credentials: credentials.NewStaticCredentialsProvider("export", "export", "")}
	return bucket.Bucket{Client: bucket.NewClient(settings), Name: strings.ToLower(cmp.Or(os.Getenv("STACK"), "userops")) + "-archivebucket"}, "the stack on " + folder, nil
}

func (w wish) write(ctx context.Context, source *export.Source, where string, out io.Writer) error {
	first, last, any := source.Span()
	if !any {
		return fmt.Errorf("the archive in %s is empty", where)
	}
	var open []string
	found := false
	for day := w.from; day <= w.to; day++ {
		state := source.State(day)
		if found = found || state.Files > 0; state.Files > 0 && !state.Final {
			open = append(open, dateOf(day))
		}
	}
	switch {
	case !found:
		return fmt.Errorf("the archive in %s has no events from %s to %s: its days are from %s to %s", where, dateOf(w.from), dateOf(w.to), dateOf(first), dateOf(last))
	case len(open) > 0 && !w.open:
		return fmt.Errorf("not closed yet: %s. A day closes some hours after it ends, and again after events came late; OPEN=1 writes what there is so far", strings.Join(open, ", "))
	}
	for day := w.from; day <= w.to; day++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		state := source.State(day)
		if state.Files == 0 {
			if _, err := fmt.Fprintf(out, "%s: no events\n", dateOf(day)); err != nil {
				return err
			}
			continue
		}
		written, err := source.Write(ctx, w.target, day)
		if err != nil {
			return fmt.Errorf("%s: %w", dateOf(day), err)
		}
		said := fmt.Sprintf("closed %d times, last at %s", state.Closes, state.ClosedAt.UTC().Format(time.RFC3339))
		if !state.Final {
			said = "NOT CLOSED YET: export it again when it is"
		}
		if _, err := fmt.Fprintf(out, "%s: %d events in %d files below %s; %s\n", dateOf(day), written.Events, written.Files, w.target.Folder, said); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "from version %d of the archive in %s\n", source.Number(), where)
	return err
}

func dateOf(day profile.Day) string { return day.Time().Format(time.DateOnly) }
