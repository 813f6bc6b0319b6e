"""Prose in many languages, with the charsets that each was written in before Unicode."""

# ruff: noqa: E501  prose

from __future__ import annotations

WEST = ("cp1252", "latin-1", "iso8859-15", "cp850", "mac-roman")
CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac-latin2")
CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")

# Article 1 of the Universal Declaration of Human Rights, and one or two everyday sentences.
PROSE: dict[str, tuple[str, tuple[str, ...]]] = {
    "English": (
        "The café on the corner was naïve to think that it could stay open all night. “She’s not one of "
        "those,” he said, and it’s true: they’re from a town with a façade that isn’t what it was.\n",
        ("cp1252", "mac-roman"),
    ),
    "German": (
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
        "Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen. Größe und Übung sind "
        "nicht das, was die schönen Grüße aus Köln für uns bedeuten.\n",
        WEST,
    ),
    "French": (
        "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison "
        "et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité. Le café "
        "était fermé à la fin de l'été dernier, déjà vu.\n",
        WEST,
    ),
    "Spanish": (
        "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de "
        "razón y conciencia, deben comportarse fraternalmente los unos con los otros. El niño comió la "
        "piña que le dio su mamá por la mañana.\n",
        WEST,
    ),
    "Portuguese": (
        "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
        "consciência, devem agir uns para com os outros em espírito de fraternidade. Não é à toa que a "
        "lição foi difícil para o irmão.\n",
        WEST,
    ),
    "Italian": (
        "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione "
        "e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza. Perché la città "
        "è più bella di così non si può dire.\n",
        WEST,
    ),
    "Swedish": (
        "Alla människor är födda fria och lika i värde och rättigheter. De har utrustats med förnuft och "
        "samvete och bör handla gentemot varandra i en anda av gemenskap. Det är på en ö som åskan går.\n",
        WEST,
    ),
    "Polish": (
        "Wszyscy ludzie rodzą się wolni i równi w swojej godności i w swoich prawach. Są oni obdarzeni "
        "rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa. Nie jest to jak w "
        "mieście, które się zna od lat; źródło i żółć.\n",
        CENTRAL,
    ),
    "Czech": (
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a "
        "svědomím a mají spolu jednat v duchu bratrství. Příliš žluťoučký kůň by se na to ale nedíval, "
        "protože je to tak pro něj lepší.\n",
        CENTRAL,
    ),
    "Hungarian": (
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és "
        "lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek. Ez nem az, "
        "ami volt, de már csak egy nagyon szép tűz.\n",
        CENTRAL,
    ),
    "Turkish": (
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve "
        "birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler. Bu çok güzel bir gün için ne "
        "kadar da iyi, ama her şey değil.\n",
        ("cp1254", "iso8859-9", "cp857"),
    ),
    "Russian": (
        "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
        "совестью и должны поступать в отношении друг друга в духе братства. Сегодня хорошая погода, и "
        "мы не знали, что он был так рад.\n",
        CYRILLIC,
    ),
    "Ukrainian": (
        "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і "
        "совістю і повинні діяти у відношенні один до одного в дусі братерства. Але це не так, як він "
        "про те їй казав.\n",
        ("cp1251", "koi8-u"),
    ),
    "Greek": (
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι "
        "προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα "
        "αδελφοσύνης. Αυτό δεν είναι για την πόλη που θα δεις.\n",
        ("cp1253", "iso8859-7"),
    ),
    "Hebrew": (
        "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם "
        "לנהוג איש ברעהו ברוח של אחווה. הוא לא אמר את זה, אבל גם היא היתה שם עם כל הילדים.\n",
        ("cp1255", "iso8859-8"),
    ),
    "Arabic": (
        "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم "
        "بعضا بروح الإخاء. ذهب الولد إلى المدرسة مع صديقه في الصباح، ثم عاد من هناك بعد ذلك على الطريق "
        "الذي كان قد جاء منه.\n",
        ("cp1256", "iso8859-6"),
    ),
    "Japanese": (
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられ"
        "ており、互いに同胞の精神をもって行動しなければならない。\n",
        ("shift-jis", "euc-jp", "iso2022-jp"),
    ),
    "Chinese": (
        "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。今天的天气很好，我们去了"
        "公园，那里的人不多，可是有一个孩子在大声地说话。\n",
        ("gb2312", "gbk", "gb18030"),
    ),
    "Taiwanese": (
        "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。今天的天氣很好，我們去了"
        "公園，那裡的人不多，可是有一個孩子在大聲地說話。\n",
        ("big5",),
    ),
    "Korean": (
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 "
        "부여받았으며 서로 형제애의 정신으로 행동하여야 한다.\n",
        ("euc-kr", "cp949", "iso2022-kr"),
    ),
}
