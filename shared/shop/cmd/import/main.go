// Command import sends a file as events to a running stack: `make import FILE= FORMAT=`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/format"
)

const help = `import sends a file as events to a running stack and waits until all of it is projected. For example:

  import -file events.ndjson -format segment
  make import FILE=CDNOW_master.txt FORMAT=cdnow

Sending a file again changes nothing, so one that was interrupted is completed by the same command. From the environment:

  FILE, FORMAT, CURRENCY   what -file, -format and -currency say otherwise
  GATEWAY_ADDR             where the stack listens: host:port or a URL (127.0.0.1:8080)
  SERVER_KEY               its server key (demo-server-key)
  OPERATOR_KEY             its operator key (demo-operator-key)

The values in brackets are those of make run. The flags:

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "import:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	file := flag.String("file", os.Getenv("FILE"), "the file to send, packed by gzip or not")
	name := flag.String("format", os.Getenv("FORMAT"), "its layout: "+format.Formats())
	code := flag.String("currency", os.Getenv("CURRENCY"), "the currency of its amounts; empty: the shop's own")
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), help)
		flag.PrintDefaults()
	}
	flag.Parse()
	if *file == "" {
		return errors.New("no file is named: make import FILE=path FORMAT=" + cmpFormat(*name))
	}
	layout, err := format.Parse(*name)
	if err != nil {
		return err
	}
	var currency money.Currency
	if *code != "" {
		if currency, err = money.ParseCurrency(*code); err != nil {
			return fmt.Errorf("CURRENCY %w", err)
		}
	}
	client, progress := shop.New(), shop.NewProgress(os.Stdout)
	client.Notice = progress.Notice
	account, err := shop.Import{Client: client, Progress: progress, File: *file, Format: layout, Currency: currency}.Run(ctx)
	if err != nil {
		return err
	}
	account.Print(os.Stdout)
	if account.Dead > 0 {
		return errors.New("jobs were dead-lettered while the file was projected")
	}
	return nil
}

func cmpFormat(name string) string {
	if name == "" {
		return "name"
	}
	return name
}
