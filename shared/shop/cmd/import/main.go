// Command import sends a file as events to a running stack: `make import FILE= FORMAT=`.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // a shop's zone, also where the machine has no table of them

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/shop"
	"github.com/userops/userops/shared/shop/format"
)

const help = `import sends a file as events to a running stack and waits until all of it is projected. For example:

  import -file events.ndjson -format segment
  make import FILE=CDNOW_master.txt FORMAT=cdnow

  make import FILE="my orders.csv" FORMAT=csv DRY=1 MAP="order_id:Order No.,userId:Customer,total:Paid,timestamp:Date,currency:=CNY"

Sending a file again changes nothing, so one that was interrupted is completed by the same command. From the environment:

  FILE, FORMAT, CURRENCY   what -file, -format and -currency say otherwise
  MAP                      of csv: which column is what
  DRY                      1: sends nothing, shows what would be sent and every line that would be refused
  ZONE                     the shop's time zone, of times in tables that name none (Asia/Shanghai)
  DATES                    dmy or mdy: what comes first in 03/04/2026
  ENCODING                 utf-8, gbk or windows-1252, where it is told wrongly from the text
  CUSTOMERS                of shopify's orders: its export of customers, which says whose an e-mail address is
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
	options, err := readOptions(*code)
	if err != nil {
		return err
	}
	one := shop.Import{File: *file, Format: layout, Options: options}
	if dry := os.Getenv("DRY"); dry != "" && dry != "0" {
		_, err := one.Rehearse(os.Stdout)
		return err
	}
	client, progress := shop.New(), shop.NewProgress(os.Stdout)
	client.Notice = progress.Notice
	one.Client, one.Progress = client, progress
	account, err := one.Run(ctx)
	if err != nil {
		return err
	}
	account.Print(os.Stdout)
	if account.Dead > 0 {
		return errors.New("jobs were dead-lettered while the file was projected")
	}
	return nil
}

// readOptions are what the environment says of a file.
func readOptions(code string) (format.Options, error) {
	o := format.Options{Map: os.Getenv("MAP"), Dates: strings.ToLower(os.Getenv("DATES")), Encoding: os.Getenv("ENCODING"), Now: time.Now()}
	var err error
	if code != "" {
		if o.Currency, err = money.ParseCurrency(code); err != nil {
			return o, fmt.Errorf("CURRENCY %w", err)
		}
	}
	if o.Zone, err = time.LoadLocation(cmp.Or(os.Getenv("ZONE"), "Asia/Shanghai")); err != nil {
		return o, errors.New("ZONE is no time zone such as Asia/Shanghai")
	}
	if o.Dates != "" && o.Dates != "dmy" && o.Dates != "mdy" {
		return o, errors.New("DATES is neither dmy nor mdy")
	}
	if name := os.Getenv("CUSTOMERS"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			return o, fmt.Errorf("CUSTOMERS: %w", err)
		}
		defer func() { _ = f.Close() }()
		if o.People, err = format.ReadShopifyCustomers(f); err != nil {
			return o, fmt.Errorf("CUSTOMERS: %s: %w", name, err)
		}
	}
	return o, nil
}

func cmpFormat(name string) string {
	if name == "" {
		return "name"
	}
	return name
}
