/*
 * A small dictionary of the words that column names are made of. It says what a word means for an importer and nothing
 * more, so one list serves all languages, and a compound (Kundennummer, clientnum, orderdate) is read by cutting it
 * into words of the list: the cut with the fewest pieces, and none when a rest remains. Words stand without accents,
 * as names are compared without them.
 */
#include "ingest/vocabulary.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const struct {
    unsigned meaning;
    const char *words;
} dictionary[] = {
    {WORD_CUSTOMER,
     "customer customers cust client clients clientele clientid kunde kunden kundin kundennr cliente clientes klant "
     "klanten klient klienta klienci kund buyer buyers shopper kaufer kaeufer acheteur comprador compradora acquirente "
     "koper kupujacy kjoper consumer consumers verbraucher consommateur consumidor besteller debitor debitoren debtor "
     "asiakas zakaznik vasarlo musteri payer zahler клиент клиента покупатель 客户 顧客 顾客 お客様"},
    {WORD_PERSON,
     "user users usr usuario usuarios utilisateur utilizador utente utenti benutzer nutzer gebruiker uzytkownik bruker "
     "member members mitglied mitglieder membre membres socio socios miembro lid leden czlonek household households hh "
     "hhid masterid haushalt account accounts acct konto compte cuenta conta rekening contact contacts kontakt "
     "contacto contato "
     "contatto visitor visitors besucher visiteur subscriber subscribers abonnent abonnee abonne suscriptor patient "
     "guest gast hote ospite donor donors spender donateur donante passenger person persons people persona personne "
     "persoon osoba lead leads respondent participant panelist subscriberkey player players cardholder policyholder "
     "borrower tenant supporter constituent profile distinct party пользователь 会员 用户 user_pseudo uid userid "
     "usercode"},
    {WORD_MAIL,
     "email emails mail mailadresse emailaddress emailadresse courriel correo correoelectronico eposta epost"},
    {WORD_ID,
     "id ids key no nr num number nummer numero numeros nbr code kod codigo codice kennung kennzahl ident identifier "
     "identificador identifiant identificativo uuid guid pk sk hash ref reference referenz referencia riferimento "
     "numer номер 编号 番号 master record"},
    {WORD_ROW, "rownames rowname row rows index idx rowid rownum lfd zeile zeilen ligne fila riga unnamed"},
    {WORD_TIME,
     "date dates time times datetime timestamp ts datum zeit zeitpunkt zeitstempel uhrzeit heure fecha hora data ora "
     "dato tid tijd czas day dt when at on dte epoch utc gmt tag jour dia giorno dag dzien дата 日期 时间 日付 日時"},
    {WORD_EVENT,
     "order orders ordered auftrag auftrags auftraege bestellung bestellungen bestell bestellungs commande commandes "
     "pedido pedidos orden ordine ordini encomenda bestelling bestel zamowienie zamowienia invoice invoices rechnung "
     "rechnungs facture factura fattura fatura factuur faktura receipt receipts beleg bon kassenbon quittung ticket "
     "recu recibo ricevuta transaction transactions transaktion transaccion transazione transacao transactie "
     "transakcja trans txn tran basket cart warenkorb panier carrito sale sales verkauf verkaufs vente ventes venta "
     "ventas vendita vendite venda vendas verkoop sprzedaz purchase purchases kauf achat achats compra compras "
     "acquisto aankoop zakup payment payments zahlung zahlungs paiement pago pagamento betaling platnosc charge "
     "booking buchung buchungs reserva reservation prenotazione donation spende gift don donacion redemption visit "
     "visits besuch session event events ereignis evenement evento call click order_item rental checkout"},
    {WORD_HAPPENED,
     "created creation created_at erstellt angelegt cree creado creato criado aangemaakt utworzenia paid bezahlt paye "
     "pagado placed posted occurred happened performed completed captured processed recorded logged sent signup "
     "registered signed added start started begin transacted purchased sold confirmed"},
    {WORD_OTHER_TIME,
     "birth birthday birthdate dob born geburt geburts geburtsdatum naissance nacimiento nascita nascimento geboorte "
     "urodzenia due faellig fallig echeance vencimiento scadenza ship shipped shipping shipment dispatch versand "
     "livraison envio spedizione deliver delivered delivery lieferung liefer lieferdatum entrega consegna levering "
     "lever "
     "dostawy end ended ende fin fine expiry expires expiration expire ablauf update updated modified modification "
     "changed geandert modifie modificado last first previous next stock cancel cancelled canceled refunded refund "
     "settlement deposit approved estimated planned renewal valid until download closed valuta wertstellung value "
     "retrieved synced imported deleted open opened seen confirm enrolled dt_customer customer_since since return "
     "reset rated joined limit scheduled"},
    {WORD_AMOUNT,
     "amount amounts amt revenue revenues turnover umsatz umsaetze betrag gesamtbetrag summe endbetrag montant somme "
     "chiffre importe monto ingreso ingresos importo fatturato incasso ricavo valor montante faturamento receita "
     "bedrag omzet kwota obrot wartosc belop belob spend spent spending ausgaben depense gasto sum proceeds gross "
     "sales salesvalue value wert gmv ltv сумма 金额 売上 collected dollar dollars mnt earnings "
     "takings"},
    {WORD_TOTAL,
     "total totals totale gesamt grand brutto gross netto net totaal totaux razem suma итого 合计 合計 bruto "
     "nett ttc ht overall"},
    {WORD_PRICE, "price preis prices prix precio prezzo preco prijs cena kaina fare tarif rate einzelpreis unitprice"},
    {WORD_PART,
     "tax taxes steuer mwst ust vat tva iva btw taxe impuesto fee fees gebuehr gebuhr frais comision commission "
     "provision commissione discount discounts rabatt remise descuento sconto desconto korting rabat disc freight "
     "porto fracht frete versandkosten shippingcost delivery refund refunds refunded erstattung refunded tip tips "
     "trinkgeld balance saldo solde cost costs kosten cout coste costo custo profit gewinn marge margin limit credit "
     "income einkommen salary gehalt revenu renta debt loan payable tariff surcharge gift_card points punkte score "
     "cashback deposit insurance shipping handling adjustment installment interest principal outstanding budget bonus "
     "coupon coupons promo voucher withheld lifetime oldbalance newbalance"},
    {WORD_QUANTITY,
     "quantity quantities qty units unit pieces pcs stueck stuck menge anzahl quantite cantidad quantita quantidade "
     "aantal ilosc antal lineitem items item_count packs volume stueckzahl stuckzahl quantites qte cantidades cant "
     "quantidades mennyiseg mnozstvi adet количество кол 数量 個数"},
    {WORD_THING,
     "product products produkt produit producto prodotto produto item items artikel article articulo articolo artigo "
     "sku asin isbn movie film book song artist track category kategorie categorie categoria brand marke marque marca "
     "store shop filiale magasin tienda negozio loja winkel sklep warehouse lager branch location campaign kampagne "
     "campagne campana campagna device session cookie page url channel kanal merchant merchants vendor supplier "
     "lieferant fournisseur proveedor seller sellers provider partner company firm firma plan contract policy card "
     "line position parent group segment cluster cohort list region territory market marketplace department dept team "
     "terminal register subscription coupon voucher employer question test experiment variant state country area zip "
     "postal address street city fulfillment tracking shipment batch settlement statement tag genre class department "
     "room hotel flight course school station restaurant menu recipe playlist post comment photo event_type operation"},
    {WORD_TRAIT,
     "name names nom nombre nome naam nazwa vorname nachname surname firstname lastname prenom apellido cognome type "
     "typ tipo art status state statut estado stato gender sex geschlecht sexo sesso age alter edad eta idade leeftijd "
     "segment group gruppe groupe grupo gruppo groep tier level stufe city stadt ort ville ciudad citta cidade stad "
     "miasto country land pays pais paese kraj region state zip plz postcode postal cp postleitzahl street strasse rue "
     "calle via adresse address direccion indirizzo endereco adres phone telefon telephone telefono mobile handy tel "
     "fax title titel anrede salutation prefix suffix description beschreibung note notes comment comments bemerkung "
     "memo text remark count counts anz number_of days months years tage monate jahre weeks hours minutes seconds "
     "calls call service services rating score note flag yes indicator churn attrition tenure recency frequency "
     "duration length size width weight height percent pct percentage ratio rate avg average mean median min max std "
     "lat lon latitude longitude url link image photo ip agent browser os language sprache currency wahrung waehrung "
     "devise moneda valuta method methode methode source quelle medium reason grund category kategorie income "
     "education occupation job beruf marital married children kids home satisfaction lifetime balance since creation "
     "hour minute second month year week weekday quarter dow zone timezone offset version format display label "
     "quantity "
     "comment color colour size brand plan email_status opt consent newsletter subscribed tags domain verified "
     "opens clicks bounces unsubscribed spam birthday birth rank position sequence step prefix unit visits sessions "
     "pages views orders_count total_orders totalorders times engagement role interest interests family dependents"},
    {WORD_AGAINST,
     "seller sellers agent agents owner employee employees staff mitarbeiter vendeur vendedor venditore verkaufer "
     "salesperson salesrep rep assigned createdby creator operator cashier kassierer sender recipient receiver "
     "empfanger driver manager author approver referrer referred referral doctor handled supplier merchant "
     "vendor internal friend artist courier teacher host beneficiary dest destination gegenkonto counterparty"},
    {WORD_NEUTRAL,
     "the of to from rec de del della di do da du des la le los von van der die das und and for a an l d el unique "
     "uniq masked "
     "hashed anonymous anonymized anonymised anon external original main primary fk dim my source src sap crm erp web "
     "shop shopify magento woo full clean is by bill billing billto sold soldto orig usd eur gbp inr chf pln jpy brl "
     "mxn cad aud global loyalty pseudo crm system fact base local x y c raw z raised in new"},
    /* the names of the value added tax stand as often for its rate */
    {WORD_LEVEL,
     "percent percentage pct prozent pourcentage porcentaje percentuale procent rate rates ratio satz taux "
     "tasa tasso taxa avg average mean median min max std durchschnitt moyenne score scores rating unit balance "
     "saldo solde oldbalance newbalance limit income einkommen salary gehalt revenu renta outstanding budget lifetime "
     "tariff mwst ust vat tva iva btw"},
};

void ingest_vocabulary_init(struct ingest_vocabulary *words)
{
    text_map_init(&words->known);
    for (size_t i = 0; i < sizeof dictionary / sizeof *dictionary; i++)
        for (const char *at = dictionary[i].words; *at;) {
            struct text word = {at, strcspn(at, " ")};
            const struct text_map_entry *entry = text_map_find(&words->known, word);
            text_map_set(&words->known, word, (entry ? entry->value : 0) | dictionary[i].meaning);
            at += word.length + (at[word.length] == ' ');
        }
}

void ingest_vocabulary_release(struct ingest_vocabulary *words)
{
    text_map_release(&words->known);
}

static unsigned meaning_of(const struct ingest_vocabulary *words, const char *data, size_t length)
{
    const struct text_map_entry *entry = text_map_find(&words->known, (struct text){data, length});
    return entry ? (unsigned)entry->value : 0;
}

enum { TOKEN_MAX = 48 }; /* longer ones are no words, and cutting them up takes the square of their length */

static void add_word(struct ingest_meaning *meaning, unsigned word)
{
    meaning->words |= word;
    meaning->count++;
    if (word & ~(unsigned)WORD_NEUTRAL)
        meaning->last = word;
}

/* Cuts a token into the fewest known words of at least three letters (two at the end: id, no, nr); nothing when a rest
 * remains. best[i] is the fewest for the first i letters. */
static void read_compound(const struct ingest_vocabulary *words, const char *token, size_t length,
                          struct ingest_meaning *meaning)
{
    int best[TOKEN_MAX + 1];
    size_t from[TOKEN_MAX + 1];
    best[0] = 0;
    for (size_t end = 1; end <= length; end++) {
        best[end] = TOKEN_MAX;
        for (size_t start = 0; start < end; start++) {
            size_t least = end == length ? 2 : 3;
            if (end - start < least || best[start] + 1 >= best[end] || !meaning_of(words, token + start, end - start))
                continue;
            best[end] = best[start] + 1;
            from[end] = start;
        }
    }
    if (best[length] == TOKEN_MAX) {
        meaning->unknown++;
        return;
    }

    size_t cuts[TOKEN_MAX], count = 0;
    for (size_t end = length; end > 0; end = from[end])
        cuts[count++] = end;
    while (count-- > 0)
        add_word(meaning, meaning_of(words, token + from[cuts[count]], cuts[count] - from[cuts[count]]));
}

static void read_token(const struct ingest_vocabulary *words, const char *token, size_t length,
                       struct ingest_meaning *meaning)
{
    unsigned whole = meaning_of(words, token, length);
    if (whole)
        add_word(meaning, whole);
    else if (length > 3 && length <= TOKEN_MAX)
        read_compound(words, token, length, meaning);
    else if (length > 1)
        meaning->unknown++;
}

/* "customerID" is two words, "EMail" is one: a capital begins a word behind a small letter, and before one when it ends
 * a run of at least three capitals. */
static bool begins_word(const char *name, size_t at, size_t start)
{
    bool capital = name[at] >= 'A' && name[at] <= 'Z';
    if (!capital || at == start)
        return false;
    bool behind_small = name[at - 1] >= 'a' && name[at - 1] <= 'z';
    bool before_small = name[at + 1] >= 'a' && name[at + 1] <= 'z';
    return (behind_small && at - start > 1) || (before_small && at - start > 2);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* One word: without capitals and accents. */
static void read_word(const struct ingest_vocabulary *words, const char *data, size_t length,
                      struct ingest_meaning *meaning)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)data, (utf8proc_ssize_t)length, &folded,
                                         UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    if (size > 0)
        read_token(words, (const char *)folded, (size_t)size, meaning);
    else
        meaning->unknown++;
    free(folded);
}

struct ingest_meaning ingest_vocabulary_read(const struct ingest_vocabulary *words, const char *name)
{
    struct ingest_meaning meaning = {0};
    size_t start = 0;
    for (size_t at = 0;; at++) {
        bool inside = is_letter(name[at]);
        if (inside && !begins_word(name, at, start))
            continue;
        if (at > start)
            read_word(words, name + start, at - start, &meaning);
        start = inside ? at : at + 1;
        if (!name[at])
            return meaning;
    }
}
