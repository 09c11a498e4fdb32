/*
 * The words that column names are made of, and what each says to an importer; see
 * vocabulary.h. A word may stand in several lists and then means all of them. One list
 * serves all languages; words stand in small letters, and accents do not matter, as names
 * are compared without them.
 */
#include "ingest/vocabulary.h"

const struct ingest_dictionary_list ingest_dictionary[] = {
    {WORD_CUSTOMER,
     "customer customers cust client clients clientele clientid kunde kunden kundin kundennr "
     "cliente clientes klant klanten klient klienta klienci kund buyer buyers shopper kaufer "
     "kaeufer acheteur comprador compradora acquirente koper kupujacy kjoper consumer consumers "
     "verbraucher consommateur consumidor besteller debitor debitoren debtor asiakas zakaznik "
     "vasarlo musteri payer zahler клиент клиента покупатель 客户 顧客 顾客 "
     "お客様 kd kdnr kdn kundnr kunder kundene relatie relaties purchaser purchasers clte clt cli "
     "cte klnr klantnr clienta clienti clienty compradores acheteurs acheteuse kaufern kopers "
     "debiteur debiteurs deudor asiakkaat ostaja zakaznika zakaznici kupujici vevo ugyfel ugyfelek "
     "musteriler alici cumparator kupac kupca kupci stranka klientas pirkejas pircejs ostja "
     "klientow klientki zleceniodawca nabywca nabywcy pelanggan pembeli khachhang kopare клиенты "
     "клиентов клиентка покупателя покупатели заказчик "
     "заказчика замовник клієнт клієнта покупець купувач "
     "πελατης πελατη πελατες عميل العميل زبون الزبون לקוח "
     "לקוחות ลูกค้า ผู้ซื้อ 고객 구매자 주문자 거래처 客戶 "
     "客人 客 买家 買家 买方 買方 购买者 購入者 購買者 注文者 得意先 取引先 "
     "お客 顾主 订货人"},
    {WORD_PERSON,
     "cpf cnpj dni nif requester requesters user users usr usuario usuarios utilisateur utilizador "
     "utente "
     "utenti benutzer nutzer "
     "gebruiker uzytkownik bruker member members mitglied mitglieder membre membres socio socios "
     "miembro lid leden czlonek household households hh hhid masterid haushalt account accounts "
     "acct konto compte cuenta conta rekening contact contacts kontakt contacto contato contatto "
     "visitor visitors besucher visiteur subscriber subscribers abonnent abonnee abonne suscriptor "
     "patient guest gast hote ospite donor donors spender donateur donante passenger person "
     "persons people persona personne persoon osoba lead leads respondent participant panelist "
     "subscriberkey player players cardholder policyholder borrower tenant supporter constituent "
     "profile distinct party пользователь 会员 用户 user_pseudo uid userid usercode membro "
     "membra patron patrons leser leserin lecteur lectrice lector lectora leitor leitora lettore "
     "lettrice lezer laner lantagare tessera tesserato iscritto inscrit adherent adherente "
     "aderente msisdn hshd attendee participante partecipante teilnehmer deelnemer student "
     "students pupil schueler schuler eleve alumno alumna studente aluno leerling rider caller "
     "viewer traveler traveller resident citizen applicant insured versicherter "
     "versicherungsnehmer asegurado assicurato assure mieter locataire inquilino huurder titulaire "
     "titular titolare kontoinhaber investor anleger abonado abonados assinante abbonato abonent "
     "prenumerant prenumeranter medlem medlemmar medlemmer brukere anvandare gaeste gaste gasten "
     "huesped huespedes hospede ospiti besokare kavija kayttaja jasen asukas uzivatel uzivatele "
     "clen clenove navstevnik felhasznalo latogato vendeg kullanici uye abone ziyaretci misafir "
     "utilizator membru oaspete korisnik korisnika posjetitelj gost gosti goscie gosc darczynca "
     "pacjent czytelnik uczestnik pengguna anggota membri soci socia bezoekers gebruikers "
     "visiteurs visitantes visitatori utilisateurs usuarias gever donatore donador doador contatti "
     "contactos kontakte konten comptes cuentas conti haushalte foyer hogar gezin пользователя "
     "пользователи участник участника посетитель "
     "посетители посетителей подписчик подписчики гость "
     "гостя пациент читатель абонент донор плательщик "
     "держатель аккаунт користувач учасник відвідувач "
     "χρηστης χρηστη μελος επισκεπτης مستخدم المستخدم عضو "
     "العضو مشترك المشترك משתמש חבר מנוי ผู้ใช้ "
     "สมาชิก 회원 사용자 이용자 가입자 참가자 환자 방문자 会員 會員 "
     "用戶 使用者 利用者 ユーザー ユーザ メンバー 読者 患者 来店者 参加者 "
     "来访者 访客 訪客 读者 粉丝 订阅者 账户 帳戶 账号 帳號 アカウント 계정 "
     "시청자"},
    {WORD_MAIL,
     "email emails mail mailadresse emailaddress emailadresse courriel correo correoelectronico "
     "eposta epost emailaddr epasts elpastas sahkoposti posta eposti pocta почта почты эл "
     "ηλεκτρονικο بريد البريد אימייל דואל อีเมล 이메일 메일 "
     "邮箱 邮件 電子郵件 電郵 电子邮件 电子邮箱 メール メールアドレス"},
    {WORD_ID,
     "id ids key no nr num number nummer numero numeros nbr code kod codigo codice kennung "
     "kennzahl ident identifier identificador identifiant identificativo uuid guid pk sk hash ref "
     "reference referenz referencia riferimento numer номер 编号 番号 master record cod n° cid "
     "cislo cisla szam szama broj broja numar numarul numarasi numarali kodu kode kood koodi kods "
     "tunnus sifra azonosito stevilka numeris nomor номера код кода "
     "идентификатор ідентифікатор κωδικος αριθμος رقم "
     "الرقم معرف كود מספר מזהה קוד รหัส เลขที่ "
     "หมายเลข 번호 코드 아이디 号 號 号码 號碼 碼 代码 代碼 编码 編碼 "
     "番 コード 識別子 标识 編號 編号"},
    {WORD_ROW,
     "rownames rowname row rows index idx rowid rownum lfd zeile zeilen ligne fila riga unnamed"},
    {WORD_TIME,
     "date dates time times datetime timestamp ts datum zeit zeitpunkt zeitstempel uhrzeit heure "
     "fecha hora data ora dato tid tijd czas day dt when at on dte epoch utc gmt tag jour dia "
     "giorno dag dzien дата 日期 时间 日付 日時 kuupaev pvm paivamaara paiva aika klockslag "
     "tidpunkt tarih tarihi saat zaman datumas laikas godzina hodina cas idopont idopontja vrijeme "
     "vreme dan oras fechahora moment momento дату время дня день час "
     "ημερομηνια ωρα تاريخ التاريخ الوقت תאריך שעה "
     "วันที่ เวลา 날짜 일자 일시 시간 日 時 时 時間 時刻 年月日 "
     "tanggal waktu ngay gio"},
    {WORD_EVENT,
     "order orders ordered auftrag auftrags auftraege bestellung bestellungen bestell bestellungs "
     "commande commandes pedido pedidos orden ordine ordini encomenda bestelling bestel zamowienie "
     "zamowienia invoice invoices rechnung rechnungs facture factura fattura fatura factuur "
     "faktura receipt receipts beleg bon kassenbon quittung ticket recu recibo ricevuta "
     "transaction transactions transaktion transaccion transazione transacao transactie transakcja "
     "trans txn tran basket cart warenkorb panier carrito sale sales verkauf verkaufs vente ventes "
     "venta ventas vendita vendite venda vendas verkoop sprzedaz purchase purchases kauf achat "
     "achats compra compras acquisto aankoop zakup payment payments zahlung zahlungs paiement pago "
     "pagamento betaling platnosc charge booking buchung buchungs reserva reservation prenotazione "
     "donation spende gift don donacion redemption visit visits besuch session event events "
     "ereignis evenement evento call click order_item rental checkout po ordernr ordre ordrer "
     "ordrenr bestilling faktury kvittering kvitto tilaus lasku kuitti osto objednavka objednavky "
     "doklad uctenka nakup platba rendeles szamla nyugta vasarlas fizetes siparis siparisi fis "
     "odeme satis comanda comenzi chitanta plata narudzba racun kupnja placanje pesanan faktur "
     "transaksi pembayaran uzsakymas saskaita arve заказ заказа заказы покупка "
     "покупки оплата платеж платежа чек чека продажа сделка "
     "транзакция транзакции счет счёт накладная замовлення "
     "оплати παραγγελια τιμολογιο αγορα πληρωμη طلب الطلب "
     "فاتورة الفاتورة الدفع הזמנה חשבונית תשלום קבלה "
     "คำสั่งซื้อ ใบเสร็จ 주문 구매 결제 거래 예약 방문 "
     "판매 注文 受注 発注 予約 取引 購入 購買 支払 支払い 来店 会計 伝票 订单 "
     "訂單 购买 付款 支付 交易 下单 消费 消費 发票 發票 收据"},
    {WORD_HAPPENED,
     "created creation created_at erstellt angelegt cree creado creato criado aangemaakt "
     "utworzenia paid bezahlt paye pagado placed posted occurred happened performed completed "
     "captured processed recorded logged sent signup registered signed added start started begin "
     "transacted purchased sold confirmed entered inserted written erfasst gebucht eingegeben "
     "saisi saisie enregistre registrado registrato ingevoerd skapad oprettet opprettet luotu "
     "vytvoreno letrehozva olusturuldu creata criada creada creee utworzony utworzono dodano "
     "создан создано создания оформлен оформления دُفع נוצר "
     "作成 登録 注册 註冊 创建 建立 생성 등록"},
    {WORD_OTHER_TIME,
     "birth birthday birthdate dob born geburt geburts geburtsdatum naissance nacimiento nascita "
     "nascimento geboorte urodzenia due faellig fallig echeance vencimiento scadenza ship shipped "
     "shipping shipment dispatch versand livraison envio spedizione deliver delivered delivery "
     "lieferung liefer lieferdatum entrega consegna levering lever dostawy end ended ende fin fine "
     "expiry expires expiration expire ablauf update updated modified modification changed "
     "geandert modifie modificado last first previous next stock cancel cancelled canceled "
     "refunded refund settlement deposit approved estimated planned renewal valid until download "
     "closed valuta wertstellung value retrieved synced imported deleted open opened seen confirm "
     "enrolled dt_customer customer_since since return reset rated joined limit scheduled geboren "
     "fodelse fodselsdato syntyma narozeni szuletesi dogum nastere rodjenja рождения 生年月日 "
     "誕生日 誕生 出生 生日 생년월일 생일 発送 出荷 配送 納品 配達 发货 發貨 "
     "收货 收貨 送货 到期 更新 修改 取消 退款 返品 배송 출고 취소 환불 수정 "
     "доставки отгрузки обновлен изменен отмены levertid leverans "
     "leveringsdato forfall forfallodato erapaiva toimitus splatnost dodani teslim kargo wysylki "
     "platnosci"},
    {WORD_AMOUNT,
     "amount amounts amt summa ventas ventes vendite vendas revenue revenues turnover umsatz "
     "umsaetze "
     "betrag gesamtbetrag summe "
     "endbetrag montant somme chiffre importe monto ingreso ingresos importo fatturato incasso "
     "ricavo valor montante faturamento receita bedrag omzet kwota obrot wartosc belop belob spend "
     "spent spending ausgaben depense gasto sum proceeds gross sales salesvalue value wert gmv ltv "
     "сумма 金额 売上 collected dollar dollars mnt earnings takings belopp omsattning liikevaihto "
     "castka castky trzba osszeg vegosszeg bevetel sumy tutar tutari ciro bedel valoare incasari "
     "iznos promet prihod znesek nominal apyvarta totaalbedrag eindbedrag ergebnis erlos erloes "
     "einnahmen recette recettes encaisse ca chiffredaffaires recaudacion facturacion ricavi "
     "faturado receitas wplata wplaty przychod pagado besteed uitgegeven сумму стоимость "
     "выручка выручки оплачено сума ποσο αξια مبلغ المبلغ "
     "قيمة القيمة סכום จำนวนเงิน ยอดขาย 금액 총액 매출 "
     "매출액 金額 総額 税込 請求額 請求 売上高 販売額 支払額 实付 实收 应付 "
     "应收 货款 貨款 价款 销售额 銷售額 营业额 收入 实际支付"},
    {WORD_TOTAL,
     "total totals totale gesamt grand brutto gross netto net totaal totaux razem suma итого 合计 "
     "合計 bruto nett ttc ht overall 総 总 總 总额 總額 总计 總計 总价 總價 総計 총 "
     "합계 итог всего общая общий celkem osszesen toplam toplami yhteensa totalt "
     "ukupno skupaj συνολο συνολικο الإجمالي إجمالي المجموع סהכ "
     "ยอด ยอดรวม รวม jumlah kokku viso kopa gesamtsumme"},
    {WORD_PRICE,
     "price preis prices prix precio prezzo preco prijs cena kaina fare tarif rate einzelpreis "
     "unitprice hinta ceny cijena egysegar fiyat fiyati harga pris styckpris enhetspris цены ціна "
     "τιμη سعر السعر מחיר ราคา 가격 단가 単価 单价 單價 售价 售價 "
     "価格 定価 价格 價格 房价"},
    {WORD_PART,
     "tax taxes steuer mwst ust vat tva iva btw taxe impuesto fee fees gebuehr gebuhr frais "
     "comision commission provision commissione discount discounts rabatt remise descuento sconto "
     "desconto korting rabat disc freight porto fracht frete versandkosten shippingcost delivery "
     "refund refunds refunded erstattung tip tips trinkgeld balance saldo solde cost costs kosten "
     "cout coste costo custo profit gewinn marge margin limit credit income einkommen salary "
     "gehalt revenu renta debt loan payable tariff surcharge gift_card points punkte score "
     "cashback deposit insurance shipping handling adjustment installment interest principal "
     "outstanding budget bonus coupon coupons promo voucher withheld lifetime oldbalance "
     "newbalance moms mva alv dph afa kdv vergi pdv pajak gst vats frakt avgift alennus sleva "
     "doprava kedvezmeny indirim kargo reducere popust dostava diskon ongkir spese livraisons "
     "envio spedizione pourboire propina mancia fooi gorjeta налог скидка скидки "
     "доставка комиссия ндс знижка φπα εκπτωση ضريبة خصم "
     "הנחה מעמ ภาษี ส่วนลด 배송비 할인 세금 수수료 부가세 税 "
     "消費税 送料 手数料 割引 値引 运费 運費 邮费 折扣 优惠 優惠 税额 税額 "
     "手续费 佣金 小計 小计 소계 subtotale soustotal zwischensumme punten puntos punti pontos "
     "poang poeng pisteet punkty puan ポイント 积分 積分 点数 포인트 баллы anzahlung "
     "acconto acompte anticipo aanbetaling"},
    {WORD_QUANTITY,
     "quantity quantities qty units unit pieces pcs stueck stuck menge anzahl quantite cantidad "
     "quantita quantidade aantal ilosc antal lineitem items item_count packs volume stueckzahl "
     "stuckzahl quantites qte cantidades cant quantidades mennyiseg mnozstvi adet количество "
     "кол 数量 個数 antall maara kpl ks db miktar cantitate buc kolicina kom luong szt sztuk quant "
     "шт количества кількість ποσοτητα كمية الكمية כמות "
     "จำนวน 수량 개수 数 件数 個 件"},
    {WORD_THING,
     "product products produkt produit producto prodotto produto item items artikel article "
     "articulo articolo artigo sku asin isbn movie film book song artist track category kategorie "
     "categorie categoria brand marke marque marca store shop filiale magasin tienda negozio loja "
     "winkel sklep warehouse lager branch location campaign kampagne campagne campana campagna "
     "device session cookie page url channel kanal merchant merchants vendor supplier lieferant "
     "fournisseur proveedor seller sellers provider partner company firm firma plan contract "
     "policy card line position parent group segment cluster cohort list region territory market "
     "marketplace department dept team terminal register subscription coupon voucher employer "
     "question test experiment variant state country area zip postal address street city "
     "fulfillment tracking shipment batch settlement statement tag genre class room hotel flight "
     "course school station restaurant menu recipe playlist post comment photo event_type "
     "operation cards karte karten kaart kaarten kort carte cartes tarjeta tarjetas cartao cartoes "
     "karta karty kartya kartu kortti kart カード 卡 카드 карта карты καρτα "
     "بطاقة כרטיס บัตร devices gerat geraet dispositivo appareil apparaat "
     "устройство 设备 設備 端末 デバイス 기기 cookies browser handset tavolo table "
     "tisch mesa caisse caja kasse cassa caixa kassa kasa till terminale 商品 製品 产品 產品 品 "
     "店舗 店 门店 門店 상품 제품 매장 점포 товар товара магазин "
     "склад urun magaza vare varer tuote zbozi termek produs proizvod trgovina"},
    {WORD_TRAIT,
     "name names nom nombre nome naam nazwa vorname nachname surname firstname lastname prenom "
     "apellido cognome type typ tipo art status state statut estado stato gender sex geschlecht "
     "sexo sesso age alter edad eta idade leeftijd segment group gruppe groupe grupo gruppo groep "
     "tier level stufe city stadt ort ville ciudad citta cidade stad miasto country land pays pais "
     "paese kraj region zip plz postcode postal cp postleitzahl street strasse rue calle via "
     "adresse address direccion indirizzo endereco adres phone telefon telephone telefono mobile "
     "handy tel fax title titel anrede salutation prefix suffix description beschreibung note "
     "notes comment comments bemerkung memo text remark count counts anz number_of days months "
     "years tage monate jahre weeks hours minutes seconds calls call service services rating score "
     "flag yes indicator churn attrition tenure recency frequency duration length size width "
     "weight height percent pct percentage ratio rate avg average mean median min max std lat lon "
     "latitude longitude url link image photo ip agent browser os language sprache currency "
     "wahrung waehrung devise moneda valuta method methode source quelle medium reason grund "
     "category kategorie income education occupation job beruf marital married children kids home "
     "satisfaction lifetime balance since creation hour minute second month year week weekday "
     "quarter dow zone timezone offset version format display label quantity color colour brand "
     "plan email_status opt consent newsletter subscribed tags domain verified opens clicks "
     "bounces unsubscribed spam birthday birth rank position sequence step unit visits sessions "
     "pages views orders_count total_orders totalorders times engagement role interest interests "
     "family dependents imie nazwisko jmeno prijmeni nev isim soyad soyadi nimi namn navn etunimi "
     "sukunimi ime prezime nume prenume nama fornamn efternamn fornavn etternavn apellidos имя "
     "имени фамилия фио название наименование ονομα επωνυμο "
     "اسم الاسم שם ชื่อ 이름 성명 명 名 名前 名称 名稱 氏名 姓名 姓 "
     "お名前 满意度 滿意度 満足度 만족도 effort satisfaccion zufriedenheit satisfazione "
     "satisfacao tevredenheid nps csat ces sentiment opinion feedback review reviews survey loyal "
     "happiness served serviced visited acquired active inactive returning repeat liczba pocet "
     "zahl sayisi sayi nb nbre numberof per pro 人数 数 件 명수 状态 狀態 状態 ステータス "
     "类型 類型 種類 区分 地址 住所 住址 城市 国家 国 省 市 备注 備考 メモ "
     "留言 等级 等級 級 级 ランク 性别 性別 年龄 年齢 方法 方式 상태 유형 "
     "구분 주소 도시 국가 성별 나이 비고 방법 등급 статус тип адрес "
     "город страна пол возраст комментарий группа уровень "
     "категория الحالة نوع العنوان مدينة סטטוס סוג כתובת עיר "
     "สถานะ ประเภท ที่อยู่ durum durumu tur sehir ulke osoite kaupunki "
     "tila tyyppi stav mesto adresa cell cellphone mobil mobilnummer telefoon telefone telemovel "
     "celular celulare gsm puhelin telefonszam telefonu whatsapp 手机 手機 电话 電話 携帯 전화 "
     "휴대폰 연락처 телефон телефона τηλεφωνο هاتف الهاتف جوال "
     "טלפון נייד โทรศัพท์ 货币 貨幣 币种 幣種 通貨 통화 валюта "
     "валюты moeda waluta ccy curr"},
    {WORD_AGAINST,
     "seller sellers agent agents owner employee employees staff mitarbeiter vendeur vendedor "
     "venditore verkaufer salesperson salesrep rep assigned createdby creator operator cashier "
     "kassierer sender recipient receiver empfanger driver manager author approver referrer "
     "referred referral doctor handled supplier merchant vendor internal friend artist courier "
     "teacher host beneficiary dest destination gegenkonto counterparty server servers waiter "
     "waitress kellner kellnerin serveur serveuse camarero camarera mesero cameriere garcom ober "
     "kelner teller clerk cashiers bediener bedienung sachbearb sachbearbeiter sachbearbeiterin "
     "bearbeiter berater beraterin kundenberater kundenbetreuer betreuer betreuerin "
     "ansprechpartner verkauferin verkaeufer vertreter aussendienst technician techniker "
     "technicien tecnico nurse physician dr therapist trainer instructor coach stylist hairdresser "
     "barber groomer vet consultant advisor adviser broker dealer reviewer editor admin "
     "administrator moderator planner inspector supervisor picker packer worker personnel crew "
     "fundraiser organizer organiser landlord prescriber provider responsible responsable "
     "encargado encargada asesor asesora comercial cajero cajera cajeros empleado empleada "
     "caissier caissiere employe conseiller commerciale commercial cassiere dipendente impiegato "
     "operatore addetto commesso funcionario funcionaria atendente operador caixeiro medewerker "
     "kassamedewerker verkoper kassier bediende pracownik kasjer kasjerka sprzedawca doradca "
     "opiekun medarbetare anstalld saljare kassor ansatt selger medarbejder saelger ekspedient "
     "tyontekija myyja prodavac blagajnik zaposlenik radnik pokladni prodejce zamestnanec elado "
     "penztaros alkalmazott kasiyer personel calisan satici temsilci angajat vanzator casier "
     "karyawan kasir сотрудник сотрудника менеджер менеджера "
     "кассир кассира продавец продавца оператор "
     "исполнитель поставщик водитель курьер отправитель "
     "получатель працівник касир υπαλληλος πωλητης ταμιας "
     "προμηθευτης موظف الموظف البائع المورد עובד מוכר ספק "
     "קופאי נהג พนักงาน ผู้ขาย 직원 담당자 담당 판매자 "
     "판매원 점원 수령인 수취인 기사 员工 員工 店员 店員 收银员 收銀員 "
     "销售员 銷售員 业务员 業務員 客服 导购 卖家 賣家 商家 供应商 供應商 "
     "司机 快递员 收货人 收件人 担当者 担当 販売員 従業員 社員 スタッフ "
     "仕入先 配達員 届け先 お届け先 送付先 出品者 lieferant lieferanten fournisseur "
     "fournisseurs proveedor proveedores fornitore fornecedor leverancier dostawca dodavatel "
     "leverantor leverandor toimittaja szallito tedarikci furnizor dobavljac suppliers vendors "
     "merchants payee shipper consignee assignee handler issuer"},
    {WORD_NEUTRAL,
     "the of to from rec de del della di do da du des la le los von van der die das und and for a "
     "an l d el unique uniq masked hashed anonymous anonymized anonymised anon external original "
     "main primary fk dim my source src sap crm erp web shop shopify magento woo full clean is by "
     "bill billing billto sold soldto orig usd eur gbp inr chf pln jpy brl mxn cad aud global "
     "loyalty pseudo system fact base local x y c raw z raised in new av af till na u i number_of "
     "実際 实际 の 御 お ご 联系 聯絡 连络 연락 actual real current our your their tout "
     "tous todo todos tutti tutto alle alles hele ag"},
    {WORD_LEVEL,
     "percent percentage pct prozent pourcentage porcentaje percentuale procent rate rates ratio "
     "satz taux tasa tasso taxa avg average mean median min max std durchschnitt moyenne score "
     "scores rating unit balance saldo solde oldbalance newbalance limit income einkommen salary "
     "gehalt revenu renta outstanding budget lifetime tariff mwst ust vat tva iva btw"},
    {WORD_GOODS,
     "product products produkt produkte produit produits producto productos prodotto prodotti "
     "produto produtos article articles artikel articulo articulos articolo articoli artigo "
     "artigos item items sku skus asin isbn ean gtin upc barcode designation bezeichnung stock "
     "bestand lagerbestand inventory inventaire giacenza existencias voorraad estoque zapas store "
     "stores shop shops filiale filialen magasin magasins tienda tiendas negozio negozi loja lojas "
     "winkel winkels sklep sklepy warehouse warehouses branch branches outlet outlets vare tuote "
     "zbozi termek urun produs proizvod magaza stok товар магазин склад остаток "
     "商品 製品 产品 產品 店舗 店 门店 門店 库存 庫存 在庫 상품 제품 매장 "
     "재고"},
    {WORD_NAME,
     "name names nom nome naam nazwa vorname nachname surname firstname lastname prenom apellido "
     "apellidos cognome imie nazwisko jmeno prijmeni nev isim soyad soyadi nimi namn navn etunimi "
     "sukunimi ime prezime nume prenume nama fornamn efternamn fornavn etternavn nombre имя имени "
     "фамилия фио ονομα επωνυμο اسم الاسم שם ชื่อ 이름 성명 "
     "명 名 名前 氏名 姓名 姓 お名前"},
    {WORD_LOGIN,
     "username usernames login loginname logon nickname nick screenname benutzername nutzername "
     "gamertag alias 用户名 用戶名 会员名 會員名 昵称 暱稱 ニックネーム ログイン "
     "ユーザー名 ユーザ名 닉네임 логин никнейм ник brukernavn anvandarnamn "
     "gebruikersnaam nomutente kayttajatunnus kullaniciadi felhasznalonev"},
    {WORD_PLURAL,
     "customers clients clienti clientes kunden kunder kundene klanten klienci klientow klienty "
     "buyers shoppers consumers compradores acheteurs kopers asiakkaat zakaznici ugyfelek "
     "musteriler kupci users usuarios utilisateurs utenti gebruikers brukere members mitglieder "
     "membres membri socios soci leden medlemmar medlemmer households haushalte accounts konten "
     "comptes cuentas conti contacts kontakte contactos contatti visitors besucher visiteurs "
     "visitantes visitatori bezoekers besokare subscribers abonnenten abonnes suscriptores "
     "abonados patients patienten guests gaste gaeste huespedes ospiti hospedes gasten gosti "
     "goscie donors donateurs passengers persons people personas persone leads participants "
     "respondents players students attendees patrons adherents prenumeranter uzivatele clenove "
     "клиенты клиентов покупатели пользователи посетители "
     "посетителей подписчики πελατες לקוחות"},
    {WORD_CURRENCY,
     "currency currencies currencycode ccy curr cur wahrung waehrung wahrungscode whg wkz devise "
     "devises moneda monedas divisa valuta valute valuten valutakod valutakode moeda waluta waluty "
     "mena meny penznem deviza doviz parabirimi valiuta валюта валюты νομισμα عملة "
     "العملة מטבע สกุลเงิน 통화 货币 貨幣 币种 幣種 币别 幣別 "
     "通貨 matauang tiente"},
    {WORD_CARD,
     "card cards karte karten kaart kaarten kort carte cartes tarjeta tarjetas cartao cartoes "
     "karta karty kartya kartu kortti kart カード 卡 카드 карта карты καρτα "
     "بطاقة כרטיס บัตร"},
    {WORD_LOYALTY,
     "loyalty loyaliteit bonus fidelite fidelidad fedelta fidelidade treue rewards reward spaar "
     "lojalnosciowa lojalnosci stammis points punkte punten puntos punti pontos poang poeng "
     "pisteet punkty puan 积分 積分 ポイント 포인트 баллы бонус кешбэк"},
    {WORD_PHONE,
     "phone phones telefon telephone telefono mobile handy tel cell cellphone mobil mobilnummer "
     "telefoon telefone telemovel celular celulare gsm puhelin telefonszam telefonu whatsapp 手机 "
     "手機 电话 電話 携帯 전화 휴대폰 연락처 телефон телефона "
     "τηλεφωνο هاتف الهاتف جوال טלפון נייד โทรศัพท์"},
    {WORD_DEVICE,
     "device devices gerat geraet dispositivo appareil apparaat cookie cookies browser imei idfa "
     "gaid adid aaid handset устройство 设备 設備 端末 デバイス 기기"},
    {WORD_BY, "by von durch par por door przez av af"},
    {WORD_BUYS,
     "ordered purchased bought paid booked donated reserved requested sold bestellt gekauft "
     "bezahlt reserviert commande achete paye comprado pagado reservado ordinato pagato acquistato "
     "besteld betaald gekocht"},
    {WORD_REFERENCE,
     "ref refs reference references referenz referencia riferimento referentie viitenumero viite "
     "odkaz"},
};
const size_t ingest_dictionary_lists = sizeof ingest_dictionary / sizeof *ingest_dictionary;
